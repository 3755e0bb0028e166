"""Equality, which is null-safe and two-valued, order, which null is never part of, and ranges."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Coded, Column, Flat, Mask, Objects
from paasq_daemon.kernels.columns import decode, objects, to_values
from paasq_daemon.kernels.context import Call, kernel
from paasq_daemon.kernels.durations import length_us
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.operands import (
    both,
    map_values,
    mask_column,
    null_of,
    numbers,
    pick,
    restrict,
    rows_of,
    together,
    valid_of,
)
from paasq_dsl.functions.signature import unify
from paasq_dsl.source_text import Span
from paasq_dsl.types import BOOL, ORDERED_KINDS, STRING_KINDS, Kind

Compare: TypeAlias = "Callable[[Any, Any], Any]"  # of operator: takes arrays and strings alike


@kernel("==")
def equals(call: Call, left: Column, right: Column) -> Column:
    return mask_column(equal(left, right, call.span))


@kernel("!=")
def differs(call: Call, left: Column, right: Column) -> Column:
    return mask_column(~equal(left, right, call.span))


@kernel("<")
def is_less(call: Call, left: Column, right: Column) -> Column:
    return mask_column(ordered(operator.lt, left, right, call.span))


@kernel("<=")
def is_less_or_equal(call: Call, left: Column, right: Column) -> Column:
    return mask_column(ordered(operator.le, left, right, call.span))


@kernel(">")
def is_greater(call: Call, left: Column, right: Column) -> Column:
    return mask_column(ordered(operator.gt, left, right, call.span))


@kernel(">=")
def is_greater_or_equal(call: Call, left: Column, right: Column) -> Column:
    return mask_column(ordered(operator.ge, left, right, call.span))


@kernel("in range")
def in_range(call: Call, value: Column, low: Column, high: Column) -> Column:
    """Low <= value < high."""
    reached = ordered(operator.ge, value, low, call.span)
    return mask_column(reached & ordered(operator.lt, value, high, call.span))


@kernel("not in range")
def not_in_range(call: Call, value: Column, low: Column, high: Column) -> Column:
    reached = ordered(operator.ge, value, low, call.span)
    return mask_column(~(reached & ordered(operator.lt, value, high, call.span)))


@kernel("least")
def least(call: Call, *operands: Column) -> Column:
    return _extreme(call, operator.lt, operands)


@kernel("greatest")
def greatest(call: Call, *operands: Column) -> Column:
    return _extreme(call, operator.gt, operands)


@kernel("between")
def between(call: Call, value: Column, low: Column, high: Column) -> Column:
    return mask_column(ordered(operator.ge, value, low, call.span) & ordered(operator.le, value, high, call.span))


@kernel("clamp")
def clamp(call: Call, value: Column, low: Column, high: Column) -> Column:
    operands = (value, low, high)
    below, above = ordered(operator.lt, value, low, call.span), ordered(operator.gt, value, high, call.span)
    type_ = together(call.type, operands, call.span)
    choice = np.broadcast_to(np.where(below, 1, np.where(above, 2, 0)), rows_of(operands))
    valid = both(*map(valid_of, operands))
    chosen = pick(type_, choice, operands)
    return chosen if valid is None else restrict(chosen, valid)


def equal(left: Column, right: Column, span: Span) -> Mask:
    """Row by row; null equals null and nothing else."""
    require_comparable(left, right, span)
    nulls, more_nulls = null_of(left), null_of(right)
    if Kind.NULL in {left.type.kind, right.type.kind}:
        return nulls & more_nulls
    if left.type.kind in STRING_KINDS:
        same = _equal_strings(left, right)
    elif left.type.kind in {Kind.LIST, Kind.VECTOR}:
        same = _objects_of(left) == _objects_of(right)
    else:
        same = scalars(left) == scalars(right)
    either = nulls | more_nulls
    return np.where(either, nulls & more_nulls, same) if either.any() else same


def ordered(compare: Compare, left: Column, right: Column, span: Span) -> Mask:
    """`compare` row by row; false where one is null. Strings by code point, durations by length."""
    require_comparable(left, right, span)
    length = rows_of((left, right))
    if Kind.NULL in {left.type.kind, right.type.kind}:
        return np.zeros(length, np.bool_)
    for column in (left, right):
        if column.type.kind not in ORDERED_KINDS:
            raise KernelError("PQ0778", span, type=column.type)
    if left.type.kind in STRING_KINDS:
        found = map_values(BOOL, compare, left, right)
        assert isinstance(found, Flat)
        return found.values if found.valid is None else found.values & found.valid
    result: Mask = compare(scalars(left), scalars(right))
    valid = both(valid_of(left), valid_of(right))
    return result if valid is None else result & valid


def scalars(column: Column) -> NDArray[Any]:
    """What values that are no strings are compared by: numbers, and the lengths of durations."""
    return length_us(column) if column.type.kind is Kind.DURATION else numbers(column)


def matches(column: Column, text: str) -> Mask:
    """Where a column of strings holds `text`."""
    if not isinstance(column, Coded):
        found: Mask = numbers(column) == text
    elif len(column) < len(column.dictionary):
        found = decode(column) == text
    else:
        found = np.isin(column.codes, np.flatnonzero(column.dictionary == text))
    return found


def require_comparable(left: Column, right: Column, span: Span) -> None:
    if unify(left.type, right.type) is None:
        raise KernelError("PQ0302", span, left=left.type, right=right.type)


def _equal_strings(left: Column, right: Column) -> Mask:
    for one, other in ((left, right), (right, left)):
        if len(one) == 1:
            text = to_values(one)[0]
            return matches(other, text) if isinstance(text, str) else np.zeros(len(other), np.bool_)
    if isinstance(left, Coded) and isinstance(right, Coded) and left.dictionary is right.dictionary:
        same: Mask = left.codes == right.codes
    else:
        same = _objects_of(left) == _objects_of(right)
    return same


def _objects_of(column: Column) -> Objects:
    if isinstance(column, Coded):
        return decode(column)
    if isinstance(column, Flat) and column.type.kind in STRING_KINDS:
        return column.values
    return objects(to_values(column))


def _extreme(call: Call, compare: Compare, operands: Sequence[Column]) -> Column:
    type_ = together(call.type, operands, call.span)
    choice = np.zeros(rows_of(operands), np.int64)
    best = pick(type_, choice, operands)
    for i, operand in enumerate(operands[1:], 1):
        better = ordered(compare, operand, best, call.span) | (null_of(best) & ~null_of(operand))
        choice = np.where(better, i, choice)
        best = pick(type_, choice, operands)
    return best
