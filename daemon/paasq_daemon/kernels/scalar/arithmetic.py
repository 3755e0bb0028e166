"""+ - * / % and the sign, over numbers, times and durations. Null with anything is null."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from paasq_daemon.index.column import Column, Flat, Floats, Mask
from paasq_daemon.kernels import checked_integers
from paasq_daemon.kernels.columns import null_column
from paasq_daemon.kernels.context import Call, kernel
from paasq_daemon.kernels.durations import assemble, length_us, parts, scale
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.operands import both, finite, flat, numbers, rows_of, valid_of
from paasq_daemon.kernels.time.months import add_months
from paasq_daemon.kernels.time.zone_offsets import offsets_us, to_moment
from paasq_dsl.source_text import Span
from paasq_dsl.types import ANY, DURATION, FLOAT, INT, NUMBER_KINDS, TIME, Kind

_Operation: TypeAlias = "Callable[[Column, Column, Mask | None, Span], Column]"


@kernel("+")
def add(call: Call, left: Column, right: Column, zone: Column | None = None) -> Column:
    """`zone` is by whose calendar months are added to a time; UTC's where it is None."""
    return _calculate("+", call, left, right) if zone is None else _move_by_clock("+", call, left, right, zone)


@kernel("-")
def subtract(call: Call, left: Column, right: Column, zone: Column | None = None) -> Column:
    return _calculate("-", call, left, right) if zone is None else _move_by_clock("-", call, left, right, zone)


@kernel("*")
def multiply(call: Call, left: Column, right: Column) -> Column:
    return _calculate("*", call, left, right)


@kernel("/")
def divide(call: Call, left: Column, right: Column) -> Column:
    """Numbers give a float. By zero: null."""
    return _calculate("/", call, left, right)


@kernel("%")
def modulo(call: Call, left: Column, right: Column) -> Column:
    """The remainder, with the sign of the divisor. By zero: null."""
    return _calculate("%", call, left, right)


@kernel("negate")
def negate(call: Call, operand: Column) -> Column:
    valid = valid_of(operand)
    match operand.type.kind:
        case Kind.NULL:
            return operand
        case Kind.FLOAT:
            return flat(FLOAT, -numbers(operand), valid)
        case Kind.INT:
            return flat(INT, checked_integers.negate(numbers(operand), valid, call.span), valid)
        case Kind.DURATION:
            return scale(operand, np.array([-1], np.int64), valid, call.span)
        case _:
            raise KernelError("PQ0303", call.span, operator="-", expected="a number or a duration", found=operand.type)


def _calculate(operator: str, call: Call, left: Column, right: Column) -> Column:
    if Kind.NULL in {left.type.kind, right.type.kind}:
        known = next((c.type for c in (left, right) if c.type.kind is not Kind.NULL), ANY)
        return null_column(known if call.type.kind is Kind.ANY else call.type, rows_of((left, right)))
    operation = _OPERATIONS.get((_family(left), operator, _family(right)))
    if operation is None:
        raise KernelError("PQ0779", call.span, operator=operator, left=left.type, right=right.type)
    return operation(left, right, both(valid_of(left), valid_of(right)), call.span)


def _move_by_clock(operator: str, call: Call, left: Column, right: Column, zone: Column) -> Column:
    """Months as the clocks of the zone count them, then what has a fixed length."""
    time, duration = (right, left) if right.type.kind is Kind.TIME else (left, right)
    if time.type.kind is not Kind.TIME or duration.type.kind is not Kind.DURATION or not parts(duration)[0].any():
        return _calculate(operator, call, left, right)
    months, micros = parts(duration)
    valid = both(valid_of(time), valid_of(duration))
    shown = numbers(time) + offsets_us(numbers(time), zone, call.span)
    moved = add_months(shown, months if operator == "+" else -months, valid, call.span)
    moments = Flat(TIME, to_moment(moved, zone, call.span), valid)
    return _calculate(operator, call, moments, assemble(np.zeros(1, np.int64), micros, valid_of(duration)))


def _family(column: Column) -> Kind:
    return Kind.FLOAT if column.type.kind in NUMBER_KINDS else column.type.kind


def _are_ints(left: Column, right: Column) -> bool:
    return left.type.kind is right.type.kind is Kind.INT


def _floats(column: Column) -> Floats:
    return numbers(column).astype(np.float64)


def _add_numbers(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    if _are_ints(left, right):
        return flat(INT, checked_integers.add(numbers(left), numbers(right), valid, span), valid)
    return finite(FLOAT, numbers(left) + numbers(right), valid)


def _subtract_numbers(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    if _are_ints(left, right):
        return flat(INT, checked_integers.subtract(numbers(left), numbers(right), valid, span), valid)
    return finite(FLOAT, numbers(left) - numbers(right), valid)


def _multiply_numbers(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    if _are_ints(left, right):
        return flat(INT, checked_integers.multiply(numbers(left), numbers(right), valid, span), valid)
    return finite(FLOAT, numbers(left) * numbers(right), valid)


def _divide_numbers(left: Column, right: Column, valid: Mask | None, _: Span) -> Column:
    return finite(FLOAT, _floats(left) / _floats(right), valid)


def _modulo_numbers(left: Column, right: Column, valid: Mask | None, _: Span) -> Column:
    if not _are_ints(left, right):
        return finite(FLOAT, np.mod(_floats(left), _floats(right)), valid)
    divisor = numbers(right)
    whole = divisor != 0
    remainder = np.mod(numbers(left), np.where(whole, divisor, 1))
    return flat(INT, remainder, valid if whole.all() else both(valid, whole))


def _move_time(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    months, micros = parts(right)
    moved = add_months(numbers(left), months, valid, span)
    return flat(TIME, checked_integers.add(moved, micros, valid, span), valid)


def _move_time_turned(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    return _move_time(right, left, valid, span)


def _move_time_back(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    months, micros = parts(right)
    moved = add_months(numbers(left), -months, valid, span)
    return flat(TIME, checked_integers.subtract(moved, micros, valid, span), valid)


def _between_times(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    return flat(DURATION, checked_integers.subtract(numbers(left), numbers(right), valid, span), valid)


def _add_durations(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    (months, micros), (more_months, more_micros) = parts(left), parts(right)
    return assemble(months + more_months, checked_integers.add(micros, more_micros, valid, span), valid)


def _subtract_durations(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    (months, micros), (less_months, less_micros) = parts(left), parts(right)
    return assemble(months - less_months, checked_integers.subtract(micros, less_micros, valid, span), valid)


def _scale_duration(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    return scale(left, numbers(right), valid, span)


def _scale_duration_turned(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    return scale(right, numbers(left), valid, span)


def _divide_duration(left: Column, right: Column, valid: Mask | None, span: Span) -> Column:
    divisor = _floats(right)
    valid = both(valid, divisor != 0)
    return scale(left, 1 / divisor, valid, span)


def _divide_durations(left: Column, right: Column, valid: Mask | None, _: Span) -> Column:
    return finite(FLOAT, length_us(left).astype(np.float64) / length_us(right), valid)


_OPERATIONS: dict[tuple[Kind, str, Kind], _Operation] = {
    (Kind.FLOAT, "+", Kind.FLOAT): _add_numbers,
    (Kind.FLOAT, "-", Kind.FLOAT): _subtract_numbers,
    (Kind.FLOAT, "*", Kind.FLOAT): _multiply_numbers,
    (Kind.FLOAT, "/", Kind.FLOAT): _divide_numbers,
    (Kind.FLOAT, "%", Kind.FLOAT): _modulo_numbers,
    (Kind.TIME, "+", Kind.DURATION): _move_time,
    (Kind.DURATION, "+", Kind.TIME): _move_time_turned,
    (Kind.TIME, "-", Kind.DURATION): _move_time_back,
    (Kind.TIME, "-", Kind.TIME): _between_times,
    (Kind.DURATION, "+", Kind.DURATION): _add_durations,
    (Kind.DURATION, "-", Kind.DURATION): _subtract_durations,
    (Kind.DURATION, "*", Kind.FLOAT): _scale_duration,
    (Kind.FLOAT, "*", Kind.DURATION): _scale_duration_turned,
    (Kind.DURATION, "/", Kind.FLOAT): _divide_duration,
    (Kind.DURATION, "/", Kind.DURATION): _divide_durations,
}
