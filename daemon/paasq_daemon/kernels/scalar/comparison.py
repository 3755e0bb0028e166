"""Comparison operators and functions built on them.

Equality is two-valued: null equals null and nothing else. An order comparison with null is false. All raise
EvaluationError PQ0302 where the types cannot be compared, order comparisons PQ0778 where the type has no order.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Column, DictionaryColumn, FlatColumn, Mask, Objects
from paasq_daemon.kernels.columns import column_to_values, dictionary_decode, object_array
from paasq_daemon.kernels.context import KernelCall, scalar_kernel
from paasq_daemon.kernels.durations import length_us
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import (
    bool_column,
    choose,
    combine_validity,
    common_type,
    map_values,
    null_mask,
    null_outside,
    numeric_values,
    row_count,
    validity_of,
)
from paasq_dsl.functions.signature import unify
from paasq_dsl.source_text import Span
from paasq_dsl.types import BOOL, ORDERED_KINDS, STRING_KINDS, TypeKind

Compare: TypeAlias = "Callable[[Any, Any], Any]"  # of operator: takes arrays and strings alike


@scalar_kernel("==")
def equals(call: KernelCall, left: Column, right: Column) -> Column:
    """FlatColumn[bool] without nulls: `equal_mask`."""
    return bool_column(equal_mask(left, right, call.span))


@scalar_kernel("!=")
def differs(call: KernelCall, left: Column, right: Column) -> Column:
    """FlatColumn[bool] without nulls: the negation of `equals`."""
    return bool_column(~equal_mask(left, right, call.span))


@scalar_kernel("<")
def is_less(call: KernelCall, left: Column, right: Column) -> Column:
    """FlatColumn[bool]: left < right, false where either is null."""
    return bool_column(compare_mask(operator.lt, left, right, call.span))


@scalar_kernel("<=")
def is_less_or_equal(call: KernelCall, left: Column, right: Column) -> Column:
    """FlatColumn[bool]: left <= right, false where either is null."""
    return bool_column(compare_mask(operator.le, left, right, call.span))


@scalar_kernel(">")
def is_greater(call: KernelCall, left: Column, right: Column) -> Column:
    """FlatColumn[bool]: left > right, false where either is null."""
    return bool_column(compare_mask(operator.gt, left, right, call.span))


@scalar_kernel(">=")
def is_greater_or_equal(call: KernelCall, left: Column, right: Column) -> Column:
    """FlatColumn[bool]: left >= right, false where either is null."""
    return bool_column(compare_mask(operator.ge, left, right, call.span))


@scalar_kernel("in range")
def in_range(call: KernelCall, value: Column, low: Column, high: Column) -> Column:
    """FlatColumn[bool]: low <= value < high, false where any is null."""
    reached = compare_mask(operator.ge, value, low, call.span)
    return bool_column(reached & compare_mask(operator.lt, value, high, call.span))


@scalar_kernel("not in range")
def not_in_range(call: KernelCall, value: Column, low: Column, high: Column) -> Column:
    """FlatColumn[bool]: the negation of `in_range`, so true where any is null."""
    reached = compare_mask(operator.ge, value, low, call.span)
    return bool_column(~(reached & compare_mask(operator.lt, value, high, call.span)))


@scalar_kernel("least")
def least(call: KernelCall, *operands: Column) -> Column:
    """The smallest operand of each row, of the common type; nulls are skipped, null where all are."""
    return _extreme(call, operator.lt, operands)


@scalar_kernel("greatest")
def greatest(call: KernelCall, *operands: Column) -> Column:
    """The largest operand of each row, of the common type; nulls are skipped, null where all are."""
    return _extreme(call, operator.gt, operands)


@scalar_kernel("between")
def between(call: KernelCall, value: Column, low: Column, high: Column) -> Column:
    """FlatColumn[bool]: low <= value <= high, false where any is null."""
    return bool_column(
        compare_mask(operator.ge, value, low, call.span) & compare_mask(operator.le, value, high, call.span)
    )


@scalar_kernel("clamp")
def clamp(call: KernelCall, value: Column, low: Column, high: Column) -> Column:
    """The value limited to low..high, of the common type; null where any is null. Low applies before high."""
    operands = (value, low, high)
    below, above = compare_mask(operator.lt, value, low, call.span), compare_mask(operator.gt, value, high, call.span)
    type_ = common_type(call.type, operands, call.span)
    choice = np.broadcast_to(np.where(below, 1, np.where(above, 2, 0)), row_count(operands))
    valid = combine_validity(*map(validity_of, operands))
    chosen = choose(type_, choice, operands)
    return chosen if valid is None else null_outside(chosen, valid)


def equal_mask(left: Column, right: Column, span: Span) -> Mask:
    """Bool by row; null equals null and nothing else."""
    require_comparable(left, right, span)
    nulls, more_nulls = null_mask(left), null_mask(right)
    if TypeKind.NULL in {left.type.kind, right.type.kind}:
        return nulls & more_nulls
    if left.type.kind in STRING_KINDS:
        same = _equal_strings(left, right)
    elif left.type.kind in {TypeKind.LIST, TypeKind.VECTOR}:
        same = _objects_of(left) == _objects_of(right)
    else:
        same = comparable_values(left) == comparable_values(right)
    either = nulls | more_nulls
    return np.where(either, nulls & more_nulls, same) if either.any() else same


def compare_mask(compare: Compare, left: Column, right: Column, span: Span) -> Mask:
    """`compare` by row (bool); false where either is null. Strings by code point, durations by length."""
    require_comparable(left, right, span)
    length = row_count((left, right))
    if TypeKind.NULL in {left.type.kind, right.type.kind}:
        return np.zeros(length, np.bool_)
    for column in (left, right):
        if column.type.kind not in ORDERED_KINDS:
            raise EvaluationError("PQ0778", span, type=column.type)
    if left.type.kind in STRING_KINDS:
        found = map_values(BOOL, compare, left, right)
        assert isinstance(found, FlatColumn)
        return found.values if found.validity is None else found.values & found.validity
    result: Mask = compare(comparable_values(left), comparable_values(right))
    valid = combine_validity(validity_of(left), validity_of(right))
    return result if valid is None else result & valid


def comparable_values(column: Column) -> NDArray[Any]:
    """The numbers by which values other than strings are compared: int64 µs for durations."""
    return length_us(column) if column.type.kind is TypeKind.DURATION else numeric_values(column)


def equals_text(column: Column, text: str) -> Mask:
    """Bool by row: True where a column of strings holds `text`; null is False."""
    if not isinstance(column, DictionaryColumn):
        found: Mask = numeric_values(column) == text
    elif len(column) < len(column.dictionary):
        found = dictionary_decode(column) == text
    else:
        found = np.isin(column.codes, np.flatnonzero(column.dictionary == text))
    return found


def require_comparable(left: Column, right: Column, span: Span) -> None:
    """Raises EvaluationError PQ0302 where the two types have no common type."""
    if unify(left.type, right.type) is None:
        raise EvaluationError("PQ0302", span, left=left.type, right=right.type)


def _equal_strings(left: Column, right: Column) -> Mask:
    for one, other in ((left, right), (right, left)):
        if len(one) == 1:
            text = column_to_values(one)[0]
            return equals_text(other, text) if isinstance(text, str) else np.zeros(len(other), np.bool_)
    if (
        isinstance(left, DictionaryColumn)
        and isinstance(right, DictionaryColumn)
        and left.dictionary is right.dictionary
    ):
        same: Mask = left.codes == right.codes
    else:
        same = _objects_of(left) == _objects_of(right)
    return same


def _objects_of(column: Column) -> Objects:
    if isinstance(column, DictionaryColumn):
        return dictionary_decode(column)
    if isinstance(column, FlatColumn) and column.type.kind in STRING_KINDS:
        return column.values
    return object_array(column_to_values(column))


def _extreme(call: KernelCall, compare: Compare, operands: Sequence[Column]) -> Column:
    type_ = common_type(call.type, operands, call.span)
    choice = np.zeros(row_count(operands), np.int64)
    best = choose(type_, choice, operands)
    for i, operand in enumerate(operands[1:], 1):
        better = compare_mask(compare, operand, best, call.span) | (null_mask(best) & ~null_mask(operand))
        choice = np.where(better, i, choice)
        best = choose(type_, choice, operands)
    return best
