"""Calls that look at other rows, computed first: the expressions around them read each as a column."""

from __future__ import annotations

from collections.abc import Iterable

from paasq_dsl.bound import BoundExpression, ColumnRef, FunctionCall
from paasq_dsl.bound.traversal import window_calls


def call_columns(expressions: Iterable[BoundExpression]) -> dict[FunctionCall, ColumnRef]:
    """A column for each different call of a window function or an aggregate, under a name that no column of a text has."""
    columns: dict[FunctionCall, ColumnRef] = {}
    for expression in expressions:
        for call in window_calls(expression):
            columns.setdefault(call, ColumnRef(f"`{len(columns)}", call.type))
    return columns
