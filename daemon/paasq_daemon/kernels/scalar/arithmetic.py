"""The operators + - * / % and the sign, over numbers, times and durations.

Null where an operand is null. A float result that is NaN or infinite is null; an int64 or duration result outside 64 bits
raises EvaluationError PQ0780 or PQ0783, a time outside the years 1 to 9999 PQ0782; operand types that do not fit raise
PQ0779.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from paasq_daemon.index.column import Column, FlatColumn, Floats, Mask
from paasq_daemon.kernels import checked_integers
from paasq_daemon.kernels.columns import null_column
from paasq_daemon.kernels.context import KernelCall, scalar_kernel
from paasq_daemon.kernels.durations import duration_column, length_us, months_and_micros, scale_duration
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import (
    combine_validity,
    finite_column,
    flat_column,
    numeric_values,
    row_count,
    validity_of,
)
from paasq_daemon.kernels.time.months import add_months, time_column
from paasq_daemon.kernels.time.zone_offsets import offsets_us, to_utc_lenient
from paasq_dsl.source_text import Span
from paasq_dsl.types import DURATION, FLOAT, INT, NULL, NUMERIC_KINDS, TIME, TypeKind

_Operation: TypeAlias = "Callable[[Column, Column, Mask | None, Span], Column]"


@scalar_kernel("+")
def add(call: KernelCall, left: Column, right: Column, zone: Column | None = None) -> Column:
    """Numbers, durations, or a time and a duration: FlatColumn[int64] of two ints, else float64, duration or time.

    `zone` is the zone in whose calendar months are added to a time; UTC where it is None.
    """
    return _calculate("+", call, left, right) if zone is None else _move_by_clock("+", call, left, right, zone)


@scalar_kernel("-")
def subtract(call: KernelCall, left: Column, right: Column, zone: Column | None = None) -> Column:
    """As `add`; a time minus a time is a FlatColumn[duration] of microseconds."""
    return _calculate("-", call, left, right) if zone is None else _move_by_clock("-", call, left, right, zone)


@scalar_kernel("*")
def multiply(call: KernelCall, left: Column, right: Column) -> Column:
    """FlatColumn[int64] of two ints, else float64; a number times a duration is a duration."""
    return _calculate("*", call, left, right)


@scalar_kernel("/")
def divide(call: KernelCall, left: Column, right: Column) -> Column:
    """FlatColumn[float64] of numbers and of two durations (by their length); a duration divided by a number is a
    duration.

    Division by zero is null.
    """
    return _calculate("/", call, left, right)


@scalar_kernel("%")
def modulo(call: KernelCall, left: Column, right: Column) -> Column:
    """The remainder with the sign of the divisor (floored division), int64 of two ints, else float64. By zero: null."""
    return _calculate("%", call, left, right)


@scalar_kernel("negate")
def negate(call: KernelCall, operand: Column) -> Column:
    """The number or duration with the opposite sign. Raises EvaluationError PQ0303 for other types."""
    valid = validity_of(operand)
    match operand.type.kind:
        case TypeKind.NULL:
            return operand
        case TypeKind.FLOAT:
            return flat_column(FLOAT, -numeric_values(operand), valid)
        case TypeKind.INT:
            return flat_column(INT, checked_integers.negate(numeric_values(operand), valid, call.span), valid)
        case TypeKind.DURATION:
            return scale_duration(operand, np.array([-1], np.int64), valid, call.span)
        case _:
            raise EvaluationError(
                "PQ0303", call.span, operator="-", expected="a number or a duration", found=operand.type
            )


def _calculate(operator: str, call: KernelCall, left: Column, right: Column) -> Column:
    if TypeKind.NULL in {left.type.kind, right.type.kind}:
        return null_column(NULL if call.type.kind is TypeKind.ANY else call.type, row_count((left, right)))
    operation = _OPERATIONS.get((_family(left), operator, _family(right)))
    if operation is None:
        raise EvaluationError("PQ0779", call.span, operator=operator, left=left.type, right=right.type)
    return operation(left, right, combine_validity(validity_of(left), validity_of(right)), call.span)


def _move_by_clock(operator: str, call: KernelCall, left: Column, right: Column, zone: Column) -> Column:
    """Months as the clocks of the zone count them, then what has a fixed length."""
    time, duration = (right, left) if right.type.kind is TypeKind.TIME else (left, right)
    if (
        time.type.kind is not TypeKind.TIME
        or duration.type.kind is not TypeKind.DURATION
        or not months_and_micros(duration)[0].any()
    ):
        return _calculate(operator, call, left, right)
    months, micros = months_and_micros(duration)
    valid = combine_validity(validity_of(time), validity_of(duration))
    shown = numeric_values(time) + offsets_us(numeric_values(time), zone, call.span)
    moved = add_months(shown, months if operator == "+" else -months, valid, call.span)
    moments = FlatColumn(TIME, to_utc_lenient(moved, zone, call.span), valid)
    return _calculate(operator, call, moments, duration_column(np.zeros(1, np.int64), micros, validity_of(duration)))


def _family(column: Column) -> TypeKind:
    return TypeKind.FLOAT if column.type.kind in NUMERIC_KINDS else column.type.kind


def _are_ints(left: Column, right: Column) -> bool:
    return left.type.kind is right.type.kind is TypeKind.INT


def _floats(column: Column) -> Floats:
    return numeric_values(column).astype(np.float64)


def _add_numbers(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    if _are_ints(left, right):
        return flat_column(INT, checked_integers.add(numeric_values(left), numeric_values(right), valid, span), valid)
    return finite_column(FLOAT, numeric_values(left) + numeric_values(right), valid)


def _subtract_numbers(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    if _are_ints(left, right):
        return flat_column(
            INT, checked_integers.subtract(numeric_values(left), numeric_values(right), valid, span), valid
        )
    return finite_column(FLOAT, numeric_values(left) - numeric_values(right), valid)


def _multiply_numbers(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    if _are_ints(left, right):
        return flat_column(
            INT, checked_integers.multiply(numeric_values(left), numeric_values(right), valid, span), valid
        )
    return finite_column(FLOAT, numeric_values(left) * numeric_values(right), valid)


def _divide_numbers(left: Column, right: Column, valid: Mask | None, _: Span) -> Column:
    return finite_column(FLOAT, _floats(left) / _floats(right), valid)


def _modulo_numbers(left: Column, right: Column, valid: Mask | None, _: Span) -> Column:
    if not _are_ints(left, right):
        return finite_column(FLOAT, np.mod(_floats(left), _floats(right)), valid)
    divisor = numeric_values(right)
    whole = divisor != 0
    remainder = np.mod(numeric_values(left), np.where(whole, divisor, 1))
    return flat_column(INT, remainder, valid if whole.all() else combine_validity(valid, whole))


def _move_time(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    months, micros = months_and_micros(right)
    moved = add_months(numeric_values(left), months, valid, span)
    return time_column(checked_integers.add(moved, micros, valid, span), valid, span)


def _move_time_turned(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    return _move_time(right, left, valid, span)


def _move_time_back(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    months, micros = months_and_micros(right)
    moved = add_months(numeric_values(left), -months, valid, span)
    return time_column(checked_integers.subtract(moved, micros, valid, span), valid, span)


def _between_times(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    return flat_column(
        DURATION, checked_integers.subtract(numeric_values(left), numeric_values(right), valid, span), valid
    )


def _add_durations(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    (months, micros), (more_months, more_micros) = months_and_micros(left), months_and_micros(right)
    added = checked_integers.add(months, more_months, valid, span)
    return duration_column(added, checked_integers.add(micros, more_micros, valid, span), valid, span)


def _subtract_durations(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    (months, micros), (less_months, less_micros) = months_and_micros(left), months_and_micros(right)
    left_over = checked_integers.subtract(months, less_months, valid, span)
    return duration_column(left_over, checked_integers.subtract(micros, less_micros, valid, span), valid, span)


def _scale_duration(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    return scale_duration(left, numeric_values(right), valid, span)


def _scale_duration_turned(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    return scale_duration(right, numeric_values(left), valid, span)


def _divide_duration(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    divisor = _floats(right)
    valid = combine_validity(valid, divisor != 0)
    return scale_duration(left, 1 / divisor, valid, span)


def _divide_durations(left: Column, right: Column, valid: Mask | None, _: Span) -> Column:
    return finite_column(FLOAT, length_us(left).astype(np.float64) / length_us(right), valid)


_OPERATIONS: dict[tuple[TypeKind, str, TypeKind], _Operation] = {
    (TypeKind.FLOAT, "+", TypeKind.FLOAT): _add_numbers,
    (TypeKind.FLOAT, "-", TypeKind.FLOAT): _subtract_numbers,
    (TypeKind.FLOAT, "*", TypeKind.FLOAT): _multiply_numbers,
    (TypeKind.FLOAT, "/", TypeKind.FLOAT): _divide_numbers,
    (TypeKind.FLOAT, "%", TypeKind.FLOAT): _modulo_numbers,
    (TypeKind.TIME, "+", TypeKind.DURATION): _move_time,
    (TypeKind.DURATION, "+", TypeKind.TIME): _move_time_turned,
    (TypeKind.TIME, "-", TypeKind.DURATION): _move_time_back,
    (TypeKind.TIME, "-", TypeKind.TIME): _between_times,
    (TypeKind.DURATION, "+", TypeKind.DURATION): _add_durations,
    (TypeKind.DURATION, "-", TypeKind.DURATION): _subtract_durations,
    (TypeKind.DURATION, "*", TypeKind.FLOAT): _scale_duration,
    (TypeKind.FLOAT, "*", TypeKind.DURATION): _scale_duration_turned,
    (TypeKind.DURATION, "/", TypeKind.FLOAT): _divide_duration,
    (TypeKind.DURATION, "/", TypeKind.DURATION): _divide_durations,
}
