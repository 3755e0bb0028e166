"""The window functions: from columns whose rows are ordered partition by partition to a column with a value for each
row.

A null in an argument that is fixed, or one out of its range, raises EvaluationError; float results that are NaN or
infinite are null.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np

from paasq_daemon.index.column import Column, FlatColumn, Floats, Ints
from paasq_daemon.kernels.columns import null_column
from paasq_daemon.kernels.context import KernelCall
from paasq_daemon.kernels.durations import duration_column, length_us, mean_durations, months_and_micros
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import (
    combine_validity,
    finite_column,
    flat_column,
    null_mask,
    null_outside,
    numeric_values,
    validity_of,
)
from paasq_daemon.kernels.scalar import arithmetic
from paasq_daemon.kernels.sort_keys import dense_ranks, first_rows
from paasq_daemon.kernels.window.frames import Frames, count_frames, median_frames, reduce_frames, sum_frames
from paasq_daemon.kernels.window.range_frames import trailing_frames
from paasq_dsl.types import FLOAT, INT, TypeKind
from paasq_dsl.values import INT_MAX, INT_MIN, MICROS_PER_UNIT, Duration


@dataclass(frozen=True, slots=True)
class WindowCall:
    """One call of a window function, with the bounds of the partition of each of its rows. `columns` are the names of
    its arguments, None for those that are not plain columns.
    """

    call: KernelCall
    partitions: Frames
    columns: tuple[str | None, ...]

    @property
    def rows(self) -> Ints:
        """int64: the numbers of the rows, 0 to length - 1."""
        return np.arange(len(self.partitions.starts))

    def refused(self, code: str, **words: Any) -> EvaluationError:
        """The error with this code at the span of the call; `words` fill its message."""
        return EvaluationError(code, self.call.span, **words)


# (window, each argument): a column, or of an argument that is fixed its one value -> column
_WindowKernel: TypeAlias = "Callable[..., Column]"
_AnyKernel = TypeVar("_AnyKernel", bound=_WindowKernel)
WINDOW_KERNELS: dict[str, _WindowKernel] = {}


def window_kernel(name: str) -> Callable[[_AnyKernel], _AnyKernel]:
    """Registers the kernel of a window function under its name."""

    def register(function: _AnyKernel) -> _AnyKernel:
        WINDOW_KERNELS[name] = function
        return function

    return register


# ---- neighbours


_SECOND = Duration(0, MICROS_PER_UNIT["s"])


@window_kernel("row_number")
def row_number(window: WindowCall) -> Column:
    """FlatColumn[int64]: 1 for the first row of each partition."""
    return flat_column(INT, window.rows - window.partitions.starts + 1)


@window_kernel("lag")
def lag(window: WindowCall, column: Column, rows: int | None = 1) -> Column:
    """The value `rows` rows before in the partition, null outside of it. Raises EvaluationError PQ0763 where `rows` is
    negative.
    """
    return _neighbour(window, column, -_row_count(window, rows, 0))


@window_kernel("lead")
def lead(window: WindowCall, column: Column, rows: int | None = 1) -> Column:
    """The value `rows` rows after in the partition, null outside of it. Raises EvaluationError PQ0763 where `rows` is
    negative.
    """
    return _neighbour(window, column, _row_count(window, rows, 0))


@window_kernel("delta")
def delta(window: WindowCall, column: Column) -> Column:
    """The value minus that of the row before, by `arithmetic.subtract`; null in the first row of a partition."""
    return arithmetic.subtract(window.call, column, _neighbour(window, column, -1))


@window_kernel("rate")
def rate(window: WindowCall, column: Column, at: Column, per: Duration | None = _SECOND) -> Column:
    """FlatColumn[float64]: `delta` of the column over `delta` of the times, for each `per`; null where no time has
    passed.

    Raises EvaluationError PQ0761 where `per` is not positive.
    """
    per_us = 0 if per is None else per.length_us
    if per_us <= 0:
        raise window.refused("PQ0761", found=per or "null")
    grown, passed = delta(window, column), delta(window, at)
    speed = numeric_values(grown) / length_us(passed) * per_us  # of no time no number, which is null
    return finite_column(FLOAT, speed.astype(np.float64), combine_validity(validity_of(grown), validity_of(passed)))


@window_kernel("fill_previous")
def fill_previous(window: WindowCall, column: Column) -> Column:
    """The value, or where it is null the last one before it in the partition; null where there is none."""
    last = np.maximum.accumulate(np.where(null_mask(column), -1, window.rows))
    return null_outside(column.take(np.maximum(last, 0)), last >= window.partitions.starts)


@window_kernel("ema")
def ema(window: WindowCall, column: Column, alpha: float | None) -> Column:
    """FlatColumn[float64]: the exponential moving average (Roberts 1959), alpha * value + (1 - alpha) * previous, from
    the first value on; a null row repeats the previous average.

    Raises EvaluationError PQ0762 where alpha is not in (0, 1].
    """
    if alpha is None or not 0 < alpha <= 1:
        raise window.refused("PQ0762", found="null" if alpha is None else alpha)
    present = np.flatnonzero(~null_mask(column))
    begins = np.diff(window.partitions.starts[present], prepend=-1) != 0
    averages: list[float] = []
    average = 0.0
    for value, first in zip(numeric_values(column)[present].astype(np.float64).tolist(), begins.tolist(), strict=True):
        average = value if first else alpha * value + (1 - alpha) * average
        averages.append(average)
    found = np.zeros(len(column))
    found[present] = averages
    return fill_previous(window, finite_column(FLOAT, found, ~null_mask(column)))


# ---- places in the group


@window_kernel("share")
def share(window: WindowCall, column: Column) -> Column:
    """FlatColumn[float64]: the value over the sum of its partition; null where the value is or the sum is 0."""
    starts, values = window.partitions.starts, _or_nothing(column, 0.0)
    return finite_column(FLOAT, values / np.bincount(starts, values)[starts], validity_of(column))


@window_kernel("rank")
def rank(window: WindowCall, column: Column) -> Column:
    """FlatColumn[int64]: SQL's RANK by ascending value, 1 for the smallest, ties alike with gaps after them; null where null."""
    order, begins = _by_value(window, column)
    first = np.maximum.accumulate(np.where(begins, window.rows, 0))
    return _in_place(column, order, first - window.partitions.starts + 1)


@window_kernel("dense_rank")
def dense_rank(window: WindowCall, column: Column) -> Column:
    """FlatColumn[int64]: SQL's DENSE_RANK by ascending value, ties alike without gaps; null where null."""
    order, begins = _by_value(window, column)
    seen = np.cumsum(begins)
    return _in_place(column, order, seen - seen[window.partitions.starts] + 1)


def _by_value(window: WindowCall, column: Column) -> tuple[Ints, Ints]:
    """The rows ordered within their groups, nulls last, and where another value or another group begins there."""
    codes, _ = dense_ranks(column)
    order = np.lexsort((codes, window.partitions.starts))
    begins = (np.diff(codes[order], prepend=-1) != 0) | (window.rows == window.partitions.starts)
    return order, begins


def _in_place(column: Column, order: Ints, values: Ints) -> Column:
    found = np.empty(len(order), np.int64)
    found[order] = values
    return flat_column(INT, found, validity_of(column))


# ---- what ranges of rows come to


def _sum(window: WindowCall, column: Column, ranges: Frames) -> Column:
    if column.type.kind is TypeKind.FLOAT:
        return finite_column(FLOAT, reduce_frames(np.add, _or_nothing(column, 0.0), ranges, 0.0), None)
    if column.type.kind is TypeKind.DURATION:
        return duration_column(*_duration_sums(window, column, ranges), None, window.call.span)
    values = np.where(null_mask(column), 0, numeric_values(column))
    return flat_column(INT, sum_frames(values, ranges, window.call.span))


def _duration_sums(window: WindowCall, column: Column, ranges: Frames) -> tuple[Ints, Ints]:
    """(months, microseconds) of each range."""
    known, span = np.flatnonzero(~null_mask(column)), window.call.span
    found = np.zeros((2, len(column)), np.int64)
    found[0, known], found[1, known] = months_and_micros(column.take(known))
    return sum_frames(found[0], ranges, span), sum_frames(found[1], ranges, span)


def _avg(window: WindowCall, column: Column, ranges: Frames) -> Column:
    if column.type.kind is TypeKind.DURATION:
        return mean_durations(*_duration_sums(window, column, ranges), count_frames(~null_mask(column), ranges))
    sums = reduce_frames(np.add, _or_nothing(column, 0.0), ranges, 0.0)
    return finite_column(FLOAT, sums / count_frames(~null_mask(column), ranges), None)


def _count(_: WindowCall, column: Column, ranges: Frames) -> Column:
    return flat_column(INT, count_frames(~null_mask(column), ranges))


def _min(_: WindowCall, column: Column, ranges: Frames) -> Column:
    return _extreme(np.minimum, column, ranges, (np.inf, INT_MAX))


def _max(_: WindowCall, column: Column, ranges: Frames) -> Column:
    return _extreme(np.maximum, column, ranges, (-np.inf, INT_MIN))


def _extreme(better: np.ufunc, column: Column, ranges: Frames, worst: tuple[float, int]) -> Column:
    """`worst` is what every float and every int wins against."""
    nulls = null_mask(column)
    present = count_frames(~nulls, ranges) > 0
    if isinstance(column, FlatColumn) and column.values.dtype.kind in "if":
        nothing = worst[0] if column.values.dtype.kind == "f" else worst[1]
        return flat_column(
            column.type, reduce_frames(better, np.where(nulls, nothing, column.values), ranges, nothing), present
        )
    if nulls.all():
        return null_column(column.type, len(column))
    codes, count = dense_ranks(column)
    best = reduce_frames(better, np.where(nulls, worst[1], codes), ranges, worst[1])
    return null_outside(column.take(first_rows(codes, count)[np.where(present, best, 0)]), present)


def _median(_: WindowCall, column: Column, ranges: Frames) -> Column:
    present = ~null_mask(column)
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(present, dtype=np.int64)])
    found = median_frames(
        numeric_values(column)[present].astype(np.float64), Frames(before[ranges.starts], before[ranges.ends])
    )
    return finite_column(FLOAT, found, None)


def _or_nothing(column: Column, nothing: float) -> Floats:
    """As floats, with `nothing` where it is null."""
    return np.where(null_mask(column), nothing, numeric_values(column)).astype(np.float64)


_Reduce: TypeAlias = "Callable[[WindowCall, Column, Frames], Column]"
_REDUCTIONS: dict[str, _Reduce] = {"sum": _sum, "avg": _avg, "min": _min, "max": _max, "count": _count}


def _register_running(name: str, reduce: _Reduce) -> None:
    @window_kernel(f"running_{name}")
    def running(window: WindowCall, column: Column) -> Column:
        return reduce(window, column, Frames(window.partitions.starts, window.rows + 1))


def _register_moving(name: str, reduce: _Reduce) -> None:
    @window_kernel(f"moving_{name}")
    def moving(
        window: WindowCall,
        column: Column,
        width: int | Duration | None,
        at: Column | None = None,
        zone: str | None = None,
    ) -> Column:
        if at is None:
            assert not isinstance(width, Duration)
            rows = window.rows
            starts = np.maximum(rows + 1 - _row_count(window, width, 1), window.partitions.starts)
            return reduce(window, column, Frames(starts, rows + 1))
        known = ~null_mask(at)
        assert not isinstance(width, int)
        return null_outside(reduce(window, null_outside(column, known), _lately(window, width, at, zone)), known)


for _name, _reduce in _REDUCTIONS.items():
    _register_running(_name, _reduce)
    _register_moving(_name, _reduce)
_register_moving("median", _median)


# ---- rows near to a row


def _row_count(window: WindowCall, rows: int | None, least: int) -> int:
    """A number of rows, no larger than need be."""
    if rows is None or rows < least:
        raise window.refused("PQ0763", least=least, found="null" if rows is None else rows)
    return min(rows, len(window.partitions.starts) + 1)


def _neighbour(window: WindowCall, column: Column, distance: int) -> Column:
    """The value so many rows further in the group, null outside of it."""
    groups, target = window.partitions, window.rows + distance
    inside = (target >= groups.starts) & (target < groups.ends)
    return null_outside(column.take(np.where(inside, target, 0)), inside)


def _lately(window: WindowCall, width: Duration | None, at: Column, zone: str | None) -> Frames:
    if width is None or width.months < 0 or width.micros < 0 or not (width.months or width.micros):
        raise window.refused("PQ0764", found=width or "null")
    found = trailing_frames(at, window.partitions, width, zone, window.call.span)
    if found is None:
        raise window.refused("PQ0765", column=window.columns[2] or "...")
    return found
