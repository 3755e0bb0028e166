"""Bound expressions over rows.

A constant part is worked out once, as a column of one row; kernels let such a column stand for all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paasq_daemon.index.column import Coded, Column, Ints, Mask, Ragged
from paasq_daemon.kernels.columns import broadcast, encode, from_values, null_column, to_values
from paasq_daemon.kernels.context import KERNELS, Call, Rows, RunValues
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.operands import restrict, truth
from paasq_daemon.kernels.parameters import parameter
from paasq_daemon.kernels.scalar import (  # noqa: F401 -- each registers its kernels
    arithmetic,
    binary,
    binning,
    cast,
    comparison,
    lists,
    logic,
    membership,
    numeric,
    regex,
    string_similarity,
    strings,
    urls,
    vectors,
)  # fmt: skip
from paasq_daemon.kernels.time import date_parts, formatting, timestamps  # noqa: F401 -- each registers its kernels
from paasq_daemon.kernels.time.zone_transitions import day_start_us
from paasq_dsl.bound import Apply, Bound, ColumnValue, Constant, MomentValue, ParameterValue, PipelineValue, Traverse
from paasq_dsl.bound.traversal import parts
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import resolve
from paasq_dsl.types import NULL, Kind
from paasq_dsl.values import Value

__all__ = ["Rows", "RunValues", "check_arguments", "columns_of", "evaluate", "evaluate_mask", "is_scalar", "scalar"]


def evaluate(expression: Bound, rows: Rows, run: RunValues) -> Column:
    """The value of each row. Raises KernelError where a value can't be computed with."""
    with np.errstate(all="ignore"):  # what is not a number becomes null
        return broadcast(_walk(expression, rows, run), rows.length)


def evaluate_mask(expression: Bound, rows: Rows, run: RunValues) -> Mask:
    """Where a condition is true; null is false."""
    return truth(evaluate(expression, rows, run), expression.span)


def scalar(expression: Bound, run: RunValues) -> Value:
    """The one value of an expression that reads no columns; a range as the list of its two ends. Time as int µs."""
    return to_values(evaluate(expression, _NO_COLUMNS, run))[0]


def columns_of(expression: Bound) -> frozenset[str]:
    """The columns it reads."""
    return frozenset(part.name for part in parts(expression) if isinstance(part, ColumnValue))


def is_scalar(expression: Bound) -> bool:
    """Has it one value for all rows?"""
    return not columns_of(expression)


@dataclass(frozen=True, slots=True)
class _OneRow:
    length: int = 1

    def column(self, name: str) -> Column:
        raise KeyError(name)

    def take(self, rows: Ints) -> Rows:
        return replace(self, length=len(rows))


_NO_COLUMNS = _OneRow()
_BRANCHING = frozenset({"if", "case"})
_DAYS_FROM_TODAY = {"yesterday": -1, "today": 0, "tomorrow": 1}


def _walk(expression: Bound, rows: Rows, run: RunValues) -> Column:
    return _WALKS[type(expression)](expression, rows, run)


def _constant(expression: Constant, _: Rows, run: RunValues) -> Column:
    value = run.literals[expression.slot] if expression.slot >= 0 else expression.value
    return from_values(expression.type, [value])


def _parameter(expression: ParameterValue, _: Rows, run: RunValues) -> Column:
    type_, value = parameter(expression, run.parameters)
    return from_values(type_, [value])


def _moment(expression: MomentValue, _: Rows, run: RunValues) -> Column:
    if expression.name == "now":
        return from_values(expression.type, [run.now_us])
    days = _DAYS_FROM_TODAY[expression.name]
    return from_values(expression.type, [day_start_us(run.now_us, days, expression.zone, expression.span)])


def _column(expression: ColumnValue, rows: Rows, _: RunValues) -> Column:
    return rows.column(expression.name)


def _apply(expression: Apply, rows: Rows, run: RunValues) -> Column:
    function, arguments = expression.function, expression.arguments
    last = arguments[-1] if arguments else None
    if function in {"in", "not in"} and isinstance(last, Apply) and last.function == "..":
        function, arguments = f"{function} range", (*arguments[:-1], *last.arguments)
    call = Call(expression.type, expression.span, rows, run)
    walk_all = _walk_branches if function in _BRANCHING else _walk_each
    columns = walk_all(arguments, rows, run)
    if function in FUNCTIONS:
        check_arguments(expression, columns)
    return KERNELS[function](call, *columns)


def _walk_each(arguments: Sequence[Bound], rows: Rows, run: RunValues) -> list[Column]:
    return [_walk(argument, rows, run) for argument in arguments]


def _walk_branches(arguments: Sequence[Bound], rows: Rows, run: RunValues) -> list[Column]:
    """Pairs of a condition and a value, and a value for the rest: no value fails in a row where it is not asked."""
    columns: list[Column] = []
    undecided = np.ones(rows.length, np.bool_)
    for i in range(0, len(arguments) - 1, 2):
        condition = _walk_where(undecided, arguments[i], rows, run)
        chosen = undecided & truth(condition, arguments[i].span)
        columns += [condition, _walk_where(chosen, arguments[i + 1], rows, run)]
        undecided &= ~chosen
    if len(arguments) % 2:
        columns.append(_walk_where(undecided, arguments[-1], rows, run))
    return columns


def _walk_where(where: Mask, expression: Bound, rows: Rows, run: RunValues) -> Column:
    """Over all rows, which costs least; if that fails, only where it is asked, null elsewhere."""
    try:
        return _walk(expression, rows, run)
    except KernelError:
        asked = np.flatnonzero(where)
        if not len(asked):
            return null_column(NULL, 1)
        if len(asked) == len(where):
            raise
        found = broadcast(_walk(expression, rows.take(asked), run), len(asked))
        return restrict(found.take(np.maximum(np.cumsum(where) - 1, 0)), where)


def check_arguments(expression: Apply, columns: Sequence[Column]) -> None:
    """Do the arguments fit, now that their types are known? The binder can't tell for a parameter without a type."""
    if not any(argument.type.kind is Kind.ANY for argument in expression.arguments):
        return
    function, given = FUNCTIONS[expression.function], [c.type for c in columns]
    if not any(resolve(s, given) for s in function.signatures):
        found = ", ".join(map(str, given))
        raise KernelError(
            "PQ0301", expression.span, function=function.name, expected=function.usage, found=f"({found})"
        )


def _traverse(expression: Traverse, rows: Rows, run: RunValues) -> Column:
    links = _walk(expression.base, rows, run)
    if links.type.kind is Kind.NULL:
        return null_column(expression.type, len(links))
    if not isinstance(links, (Coded, Ragged)):
        links = encode(links)
    try:
        return run.traverse(expression.collection, expression.name, links)
    except KernelError as error:
        raise error.at(expression.span) from None


def _pipeline(expression: PipelineValue, _: Rows, run: RunValues) -> Column:
    found = run.listed.get(expression)
    if found is None:
        raise KernelError("PQ0743", expression.span)
    return found


_WALKS: dict[type, Callable[[Any, Rows, RunValues], Column]] = {
    Constant: _constant, ParameterValue: _parameter, MomentValue: _moment, ColumnValue: _column, Apply: _apply,
    Traverse: _traverse, PipelineValue: _pipeline,
}  # fmt: skip
