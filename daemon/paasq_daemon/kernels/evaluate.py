"""Evaluation of bound expressions over rows.

A constant subexpression is evaluated once, as a column of one row, which kernels broadcast over all rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paasq_daemon.index.column import Column, DictionaryColumn, Ints, ListColumn, Mask
from paasq_daemon.kernels.columns import broadcast, column_from_values, column_to_values, dictionary_encode, null_column
from paasq_daemon.kernels.context import SCALAR_KERNELS, EvaluationContext, KernelCall, RowSet
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import condition_mask, null_outside
from paasq_daemon.kernels.parameters import bind_parameter
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
from paasq_dsl.bound import (
    BoundExpression,
    ColumnRef,
    Constant,
    Dereference,
    FunctionCall,
    MomentRef,
    ParameterRef,
    Subquery,
)
from paasq_dsl.bound.traversal import walk_expression
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import infer_result_type
from paasq_dsl.types import NULL, TypeKind
from paasq_dsl.values import Value

__all__ = [
    "EvaluationContext",
    "RowSet",
    "check_argument_types",
    "evaluate",
    "evaluate_mask",
    "evaluate_scalar",
    "is_scalar",
    "referenced_columns",
]


def evaluate(expression: BoundExpression, rows: RowSet, run: EvaluationContext) -> Column:
    """The column of `rows.length` values. Results that are NaN or infinite are null.

    Raises EvaluationError where a value cannot be computed with.
    """
    with np.errstate(all="ignore"):  # what is not a number becomes null
        return broadcast(_walk(expression, rows, run), rows.length)


def evaluate_mask(expression: BoundExpression, rows: RowSet, run: EvaluationContext) -> Mask:
    """Bool by row: True where a condition is true; null is false. Raises EvaluationError PQ0304 where it is no condition."""
    return condition_mask(evaluate(expression, rows, run), expression.span)


def evaluate_scalar(expression: BoundExpression, run: EvaluationContext) -> Value:
    """The one Python value of an expression that reads no columns; a range as the list of its two bounds. Time as int µs."""
    if isinstance(expression, Constant) and expression.type.kind in _UNCONVERTED:
        return _constant_value(expression, run)
    return column_to_values(evaluate(expression, _NO_COLUMNS, run))[0]


def referenced_columns(*expressions: BoundExpression) -> frozenset[str]:
    """The names of the columns that the expressions read."""
    return frozenset(part.name for each in expressions for part in walk_expression(each) if isinstance(part, ColumnRef))


def is_scalar(expression: BoundExpression) -> bool:
    """Whether the expression reads no column, and so has one value for all rows."""
    return not referenced_columns(expression)


@dataclass(frozen=True, slots=True)
class _OneRow:
    length: int = 1

    def column(self, name: str) -> Column:
        raise KeyError(name)

    def take(self, rows: Ints) -> RowSet:
        return replace(self, length=len(rows))


_NO_COLUMNS = _OneRow()
_BRANCHING = frozenset({"if", "case"})
# a column of these gives back what it was given
_UNCONVERTED = frozenset({TypeKind.INT, TypeKind.BOOL, TypeKind.KEYWORD, TypeKind.TEXT})
_DAYS_FROM_TODAY = {"yesterday": -1, "today": 0, "tomorrow": 1}


def _walk(expression: BoundExpression, rows: RowSet, run: EvaluationContext) -> Column:
    return _EVALUATORS[type(expression)](expression, rows, run)


def _constant(expression: Constant, _: RowSet, run: EvaluationContext) -> Column:
    return column_from_values(expression.type, [_constant_value(expression, run)])


def _constant_value(expression: Constant, run: EvaluationContext) -> Value:
    return run.literals[expression.slot] if expression.slot >= 0 else expression.value


def _parameter(expression: ParameterRef, _: RowSet, run: EvaluationContext) -> Column:
    type_, value = bind_parameter(expression, run.parameters)
    return column_from_values(type_, [value])


def _moment(expression: MomentRef, _: RowSet, run: EvaluationContext) -> Column:
    if expression.name == "now":
        return column_from_values(expression.type, [run.now_us])
    days = _DAYS_FROM_TODAY[expression.name]
    return column_from_values(expression.type, [day_start_us(run.now_us, days, expression.zone, expression.span)])


def _column(expression: ColumnRef, rows: RowSet, _: EvaluationContext) -> Column:
    return rows.column(expression.name)


def _function_call(expression: FunctionCall, rows: RowSet, run: EvaluationContext) -> Column:
    function, arguments = expression.function, expression.arguments
    last = arguments[-1] if arguments else None
    if function in {"in", "not in"} and isinstance(last, FunctionCall) and last.function == "..":
        function, arguments = f"{function} range", (*arguments[:-1], *last.arguments)
    call = KernelCall(expression.type, expression.span, rows, run)
    walk_all = _walk_branches if function in _BRANCHING else _walk_each
    columns = walk_all(arguments, rows, run)
    if function in FUNCTIONS:
        check_argument_types(expression, columns)
    return SCALAR_KERNELS[function](call, *columns)


def _walk_each(arguments: Sequence[BoundExpression], rows: RowSet, run: EvaluationContext) -> list[Column]:
    return [_walk(argument, rows, run) for argument in arguments]


def _walk_branches(arguments: Sequence[BoundExpression], rows: RowSet, run: EvaluationContext) -> list[Column]:
    """Pairs of a condition and a value, and a value for the rest: no value fails in a row where it is not asked."""
    columns: list[Column] = []
    undecided = np.ones(rows.length, np.bool_)
    for i in range(0, len(arguments) - 1, 2):
        condition = _walk_where(undecided, arguments[i], rows, run)
        chosen = undecided & condition_mask(condition, arguments[i].span)
        columns += [condition, _walk_where(chosen, arguments[i + 1], rows, run)]
        undecided &= ~chosen
    if len(arguments) % 2:
        columns.append(_walk_where(undecided, arguments[-1], rows, run))
    return columns


def _walk_where(where: Mask, expression: BoundExpression, rows: RowSet, run: EvaluationContext) -> Column:
    """Over all rows, which costs least; if that fails, only where it is asked, null elsewhere."""
    try:
        return _walk(expression, rows, run)
    except EvaluationError:
        selected = np.flatnonzero(where)
        if not len(selected):
            return null_column(NULL, 1)
        if len(selected) == len(where):
            raise
        found = broadcast(_walk(expression, rows.take(selected), run), len(selected))
        return null_outside(found.take(np.maximum(np.cumsum(where) - 1, 0)), where)


def check_argument_types(expression: FunctionCall, columns: Sequence[Column]) -> None:
    """Check a call whose arguments include a parameter without a declared type, now that its value's type is known.

    Raises EvaluationError PQ0301 where no overload accepts the types.
    """
    if not any(argument.type.kind is TypeKind.ANY for argument in expression.arguments):
        return
    function, given = FUNCTIONS[expression.function], [c.type for c in columns]
    if not any(infer_result_type(s, given) for s in function.signatures):
        found = ", ".join(map(str, given))
        raise EvaluationError(
            "PQ0301", expression.span, function=function.name, expected=function.usage, found=f"({found})"
        )


def _dereference(expression: Dereference, rows: RowSet, run: EvaluationContext) -> Column:
    links = _walk(expression.base, rows, run)
    if links.type.kind is TypeKind.NULL:
        return null_column(expression.type, len(links))
    if not isinstance(links, (DictionaryColumn, ListColumn)):
        links = dictionary_encode(links)
    try:
        return run.traverse(expression.collection, expression.name, links)
    except EvaluationError as error:
        raise error.at(expression.span) from None


def _subquery(expression: Subquery, _: RowSet, run: EvaluationContext) -> Column:
    found = run.subquery_results.get(expression)
    if found is None:
        raise EvaluationError("PQ0743", expression.span)
    return found


_EVALUATORS: dict[type, Callable[[Any, RowSet, EvaluationContext], Column]] = {
    Constant: _constant, ParameterRef: _parameter, MomentRef: _moment, ColumnRef: _column, FunctionCall: _function_call,
    Dereference: _dereference, Subquery: _subquery,
}  # fmt: skip
