"""Functions over numbers. What has no result is null."""

from __future__ import annotations

import numpy as np

from paasq_daemon.index.column import Column, Floats
from paasq_daemon.kernels import integers
from paasq_daemon.kernels.operands import both, finite, flat, map_values, numbers, valid_of
from paasq_daemon.kernels.run import Call, kernel
from paasq_dsl.types import FLOAT, INT, Kind
from paasq_dsl.values import Value


@kernel("abs")
def abs_(call: Call, operand: Column) -> Column:
    values, valid = numbers(operand), valid_of(operand)
    if operand.type.kind is Kind.FLOAT:
        return flat(FLOAT, np.abs(values), valid)
    return flat(INT, np.where(values < 0, integers.negate(np.minimum(values, 0), valid, call.span), values), valid)


@kernel("round")
def round_(_: Call, operand: Column, digits: Column | None = None) -> Column:
    if digits is None:
        return finite(FLOAT, np.rint(_floats(operand)), valid_of(operand))
    return map_values(FLOAT, _round_to, operand, digits)


@kernel("floor")
def floor(_: Call, operand: Column) -> Column:
    return operand if operand.type.kind is Kind.INT else whole(operand, np.floor(_floats(operand)))


@kernel("ceil")
def ceil(_: Call, operand: Column) -> Column:
    return operand if operand.type.kind is Kind.INT else whole(operand, np.ceil(_floats(operand)))


@kernel("sqrt")
def sqrt(_: Call, operand: Column) -> Column:
    return finite(FLOAT, np.sqrt(_floats(operand)), valid_of(operand))


@kernel("exp")
def exp(_: Call, operand: Column) -> Column:
    return finite(FLOAT, np.exp(_floats(operand)), valid_of(operand))


@kernel("ln")
def ln(_: Call, operand: Column) -> Column:
    return finite(FLOAT, np.log(_floats(operand)), valid_of(operand))


@kernel("log10")
def log10(_: Call, operand: Column) -> Column:
    return finite(FLOAT, np.log10(_floats(operand)), valid_of(operand))


@kernel("power")
def power(_: Call, base: Column, exponent: Column) -> Column:
    return finite(FLOAT, np.power(_floats(base), _floats(exponent)), both(valid_of(base), valid_of(exponent)))


def whole(operand: Column, values: Floats) -> Column:
    """Floats without a fraction as ints; null outside the 64 bits of an int."""
    inside = integers.fits(values)
    valid = valid_of(operand)
    return flat(INT, np.where(inside, values, 0).astype(np.int64), valid if inside.all() else both(valid, inside))


def _floats(column: Column) -> Floats:
    return numbers(column).astype(np.float64)


def _round_to(value: float, digits: int) -> Value:
    try:
        return float(round(value, digits))
    except (OverflowError, ValueError):
        return None
