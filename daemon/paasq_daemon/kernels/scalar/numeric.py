"""Functions over numbers. Null where an argument is null; a float result that is NaN or infinite is null."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from paasq_daemon.index.column import Column, Floats
from paasq_daemon.kernels import checked_integers
from paasq_daemon.kernels.context import KernelCall, scalar_kernel
from paasq_daemon.kernels.operands import (
    combine_validity,
    finite_column,
    flat_column,
    map_values,
    numeric_values,
    validity_of,
)
from paasq_dsl.types import FLOAT, INT, TypeKind
from paasq_dsl.values import Value


@scalar_kernel("abs")
def abs_(call: KernelCall, operand: Column) -> Column:
    """The absolute value, of the operand's type. Raises EvaluationError PQ0780 for the smallest int."""
    values, valid = numeric_values(operand), validity_of(operand)
    if operand.type.kind is TypeKind.FLOAT:
        return flat_column(FLOAT, np.abs(values), valid)
    return flat_column(
        INT, np.where(values < 0, checked_integers.negate(np.minimum(values, 0), valid, call.span), values), valid
    )


@scalar_kernel("round")
def round_(_: KernelCall, operand: Column, digits: Column | None = None) -> Column:
    """FlatColumn[float64] rounded to `digits` decimal places (0), halves to even; negative digits round to tens and so on."""
    if digits is None:
        return finite_column(FLOAT, np.rint(_floats(operand)), validity_of(operand))
    return map_values(FLOAT, _round_to, operand, digits)


@scalar_kernel("floor")
def floor(_: KernelCall, operand: Column) -> Column:
    """FlatColumn[int64]: the greatest integer not above; null outside 64 bits."""
    return operand if operand.type.kind is TypeKind.INT else to_integers(operand, np.floor(_floats(operand)))


@scalar_kernel("ceil")
def ceil(_: KernelCall, operand: Column) -> Column:
    """FlatColumn[int64]: the smallest integer not below; null outside 64 bits."""
    return operand if operand.type.kind is TypeKind.INT else to_integers(operand, np.ceil(_floats(operand)))


@scalar_kernel("power")
def power(_: KernelCall, base: Column, exponent: Column) -> Column:
    """FlatColumn[float64]: base ** exponent; null where it is not real or overflows."""
    return finite_column(
        FLOAT, np.power(_floats(base), _floats(exponent)), combine_validity(validity_of(base), validity_of(exponent))
    )


@scalar_kernel("hypot")
def hypot(_: KernelCall, x: Column, y: Column) -> Column:
    """FlatColumn[float64]: sqrt(x*x + y*y) without intermediate overflow."""
    return finite_column(FLOAT, np.hypot(_floats(x), _floats(y)), combine_validity(validity_of(x), validity_of(y)))


@scalar_kernel("atan2")
def atan2(_: KernelCall, y: Column, x: Column) -> Column:
    """FlatColumn[float64]: the angle of the point (x, y) in radians, -pi to pi."""
    return finite_column(FLOAT, np.arctan2(_floats(y), _floats(x)), combine_validity(validity_of(y), validity_of(x)))


@scalar_kernel("trunc")
def trunc(_: KernelCall, operand: Column) -> Column:
    """FlatColumn[int64]: the integer part; null outside 64 bits."""
    return operand if operand.type.kind is TypeKind.INT else to_integers(operand, np.trunc(_floats(operand)))


@scalar_kernel("sign")
def sign(_: KernelCall, operand: Column) -> Column:
    """FlatColumn[int64]: -1, 0 or 1."""
    return flat_column(INT, np.sign(numeric_values(operand)).astype(np.int64), validity_of(operand))


@scalar_kernel("width_bucket")
def width_bucket(_: KernelCall, operand: Column, low: Column, high: Column, count: Column) -> Column:
    """FlatColumn[int64]: as SQL:2003's width_bucket for low < high: 0 below low, count + 1 from high on.

    Null where low is not below high or count is not positive.
    """
    values, lows, highs, counts = _floats(operand), _floats(low), _floats(high), numeric_values(count)
    inside = np.floor((values - lows) / (highs - lows) * counts) + 1
    found = np.where(values < lows, 0.0, np.where(values >= highs, counts + 1.0, np.minimum(inside, counts)))
    defined = (lows < highs) & (counts > 0)
    valid = combine_validity(*(validity_of(c) for c in (operand, low, high, count)), defined)
    return flat_column(INT, np.where(defined, found, 0.0).astype(np.int64), valid)


def to_integers(operand: Column, values: Floats) -> Column:
    """Floats without a fraction as FlatColumn[int64]; null outside 64 bits and where `operand` is null."""
    inside = checked_integers.fits(values)
    valid = validity_of(operand)
    return flat_column(
        INT, np.where(inside, values, 0).astype(np.int64), valid if inside.all() else combine_validity(valid, inside)
    )


def _floats(column: Column) -> Floats:
    return numeric_values(column).astype(np.float64)


def _round_to(value: float, digits: int) -> Value:
    try:
        return float(round(value, digits))
    except (OverflowError, ValueError):
        return None


def _register(name: str, compute: Callable[[Floats], Floats]) -> None:
    """Of a function from float to float: what is not a number becomes null."""

    @scalar_kernel(name)
    def apply(_: KernelCall, operand: Column) -> Column:
        return finite_column(FLOAT, compute(_floats(operand)), validity_of(operand))


_OF_ONE_FLOAT: dict[str, Callable[[Floats], Floats]] = {
    "sqrt": np.sqrt, "exp": np.exp, "ln": np.log, "log2": np.log2, "log10": np.log10, "sin": np.sin, "cos": np.cos,
    "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan, "radians": np.radians, "degrees": np.degrees,
}  # fmt: skip
for _name, _compute in _OF_ONE_FLOAT.items():
    _register(_name, _compute)
