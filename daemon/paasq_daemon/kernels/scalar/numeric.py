"""Functions over numbers. What has no result is null."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from paasq_daemon.index.column import Column, Floats
from paasq_daemon.kernels import checked_integers
from paasq_daemon.kernels.context import Call, kernel
from paasq_daemon.kernels.operands import both, finite, flat, map_values, numbers, valid_of
from paasq_dsl.types import FLOAT, INT, Kind
from paasq_dsl.values import Value


@kernel("abs")
def abs_(call: Call, operand: Column) -> Column:
    values, valid = numbers(operand), valid_of(operand)
    if operand.type.kind is Kind.FLOAT:
        return flat(FLOAT, np.abs(values), valid)
    return flat(
        INT, np.where(values < 0, checked_integers.negate(np.minimum(values, 0), valid, call.span), values), valid
    )


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


@kernel("power")
def power(_: Call, base: Column, exponent: Column) -> Column:
    return finite(FLOAT, np.power(_floats(base), _floats(exponent)), both(valid_of(base), valid_of(exponent)))


@kernel("hypot")
def hypot(_: Call, x: Column, y: Column) -> Column:
    return finite(FLOAT, np.hypot(_floats(x), _floats(y)), both(valid_of(x), valid_of(y)))


@kernel("atan2")
def atan2(_: Call, y: Column, x: Column) -> Column:
    return finite(FLOAT, np.arctan2(_floats(y), _floats(x)), both(valid_of(y), valid_of(x)))


@kernel("trunc")
def trunc(_: Call, operand: Column) -> Column:
    return operand if operand.type.kind is Kind.INT else whole(operand, np.trunc(_floats(operand)))


@kernel("sign")
def sign(_: Call, operand: Column) -> Column:
    return flat(INT, np.sign(numbers(operand)).astype(np.int64), valid_of(operand))


@kernel("width_bucket")
def width_bucket(_: Call, operand: Column, low: Column, high: Column, count: Column) -> Column:
    """As SQL has it, for ranges from low to high alone."""
    values, lows, highs, counts = _floats(operand), _floats(low), _floats(high), numbers(count)
    inside = np.floor((values - lows) / (highs - lows) * counts) + 1
    found = np.where(values < lows, 0.0, np.where(values >= highs, counts + 1.0, np.minimum(inside, counts)))
    there = (lows < highs) & (counts > 0)
    valid = both(*(valid_of(c) for c in (operand, low, high, count)), there)
    return flat(INT, np.where(there, found, 0.0).astype(np.int64), valid)


def whole(operand: Column, values: Floats) -> Column:
    """Floats without a fraction as ints; null outside the 64 bits of an int."""
    inside = checked_integers.fits(values)
    valid = valid_of(operand)
    return flat(INT, np.where(inside, values, 0).astype(np.int64), valid if inside.all() else both(valid, inside))


def _floats(column: Column) -> Floats:
    return numbers(column).astype(np.float64)


def _round_to(value: float, digits: int) -> Value:
    try:
        return float(round(value, digits))
    except (OverflowError, ValueError):
        return None


def _register(name: str, compute: Callable[[Floats], Floats]) -> None:
    """Of a function from float to float: what is not a number becomes null."""

    @kernel(name)
    def apply(_: Call, operand: Column) -> Column:
        return finite(FLOAT, compute(_floats(operand)), valid_of(operand))


_OF_ONE_FLOAT: dict[str, Callable[[Floats], Floats]] = {
    "sqrt": np.sqrt, "exp": np.exp, "ln": np.log, "log2": np.log2, "log10": np.log10, "sin": np.sin, "cos": np.cos,
    "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "radians": np.radians, "degrees": np.degrees,
}  # fmt: skip
for _name, _compute in _OF_ONE_FLOAT.items():
    _register(_name, _compute)
