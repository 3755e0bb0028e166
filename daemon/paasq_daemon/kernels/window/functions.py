"""The window functions: of columns whose rows stand group by group, to a column with a value for each row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import numpy as np

from paasq_daemon.index.column import Column, Flat, Floats, Ints
from paasq_daemon.kernels.aggregate.value_counts import first_rows
from paasq_daemon.kernels.columns import null_column
from paasq_daemon.kernels.context import Call
from paasq_daemon.kernels.durations import MONTH_MICROS, assemble, length_us, means, parts
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.operands import both, finite, flat, null_of, numbers, restrict, valid_of
from paasq_daemon.kernels.scalar import arithmetic
from paasq_daemon.kernels.sort_keys import ranks
from paasq_daemon.kernels.window.frames import Ranges, counts, fold, int_sums, medians
from paasq_daemon.kernels.window.range_frames import lately
from paasq_dsl.types import FLOAT, INT, Kind
from paasq_dsl.values import INT_MAX, INT_MIN, MICROS, Duration


@dataclass(frozen=True, slots=True)
class Window:
    """One call of a window function, and for each of its rows where the group begins and ends. `columns` are the names of
    its arguments, where they are columns."""

    call: Call
    groups: Ranges
    columns: tuple[str | None, ...]

    @property
    def rows(self) -> Ints:
        return np.arange(len(self.groups.starts))

    def refused(self, code: str, **words: Any) -> KernelError:
        return KernelError(code, self.call.span, **words)


# (window, each argument): a column, or of an argument that is fixed its one value -> column
_WindowKernel: TypeAlias = "Callable[..., Column]"
_AnyKernel = TypeVar("_AnyKernel", bound=_WindowKernel)
WINDOWS: dict[str, _WindowKernel] = {}


def window_kernel(name: str) -> Callable[[_AnyKernel], _AnyKernel]:
    def register(function: _AnyKernel) -> _AnyKernel:
        WINDOWS[name] = function
        return function

    return register


# ---- neighbours


@window_kernel("row_number")
def row_number(window: Window) -> Column:
    return flat(INT, window.rows - window.groups.starts + 1)


@window_kernel("lag")
def lag(window: Window, column: Column, rows: int | None = 1) -> Column:
    return _neighbour(window, column, -_row_count(window, rows, 0))


@window_kernel("lead")
def lead(window: Window, column: Column, rows: int | None = 1) -> Column:
    return _neighbour(window, column, _row_count(window, rows, 0))


@window_kernel("delta")
def delta(window: Window, column: Column) -> Column:
    return arithmetic.subtract(window.call, column, _neighbour(window, column, -1))


@window_kernel("rate")
def rate(window: Window, column: Column, at: Column, per: Duration | None = Duration(0, MICROS["s"])) -> Column:  # noqa: B008 -- it is frozen
    per_us = 0 if per is None else per.months * MONTH_MICROS + per.micros
    if per_us <= 0:
        raise window.refused("PQ0761", found=per or "null")
    grown, passed = delta(window, column), delta(window, at)
    speed = numbers(grown) / length_us(passed) * per_us  # of no time no number, which is null
    return finite(FLOAT, speed.astype(np.float64), both(valid_of(grown), valid_of(passed)))


@window_kernel("fill_previous")
def fill_previous(window: Window, column: Column) -> Column:
    last = np.maximum.accumulate(np.where(null_of(column), -1, window.rows))
    return restrict(column.take(np.maximum(last, 0)), last >= window.groups.starts)


@window_kernel("ema")
def ema(window: Window, column: Column, alpha: float | None) -> Column:
    if alpha is None or not 0 < alpha <= 1:
        raise window.refused("PQ0762", found="null" if alpha is None else alpha)
    there = np.flatnonzero(~null_of(column))
    begins = np.diff(window.groups.starts[there], prepend=-1) != 0
    averages: list[float] = []
    average = 0.0
    for value, first in zip(numbers(column)[there].astype(np.float64).tolist(), begins.tolist(), strict=True):
        average = value if first else alpha * value + (1 - alpha) * average
        averages.append(average)
    found = np.zeros(len(column))
    found[there] = averages
    return fill_previous(window, finite(FLOAT, found, ~null_of(column)))


# ---- places in the group


@window_kernel("share")
def share(window: Window, column: Column) -> Column:
    starts, values = window.groups.starts, _or_nothing(column, 0.0)
    return finite(FLOAT, values / np.bincount(starts, values)[starts], valid_of(column))


@window_kernel("rank")
def rank(window: Window, column: Column) -> Column:
    order, begins = _by_value(window, column)
    first = np.maximum.accumulate(np.where(begins, window.rows, 0))
    return _in_place(column, order, first - window.groups.starts + 1)


@window_kernel("dense_rank")
def dense_rank(window: Window, column: Column) -> Column:
    order, begins = _by_value(window, column)
    seen = np.cumsum(begins)
    return _in_place(column, order, seen - seen[window.groups.starts] + 1)


def _by_value(window: Window, column: Column) -> tuple[Ints, Ints]:
    """The rows ordered within their groups, nulls last, and where another value or another group begins there."""
    codes, _ = ranks(column)
    order = np.lexsort((codes, window.groups.starts))
    begins = (np.diff(codes[order], prepend=-1) != 0) | (window.rows == window.groups.starts)
    return order, begins


def _in_place(column: Column, order: Ints, values: Ints) -> Column:
    found = np.empty(len(order), np.int64)
    found[order] = values
    return flat(INT, found, valid_of(column))


# ---- what ranges of rows come to


def _sum(window: Window, column: Column, ranges: Ranges) -> Column:
    if column.type.kind is Kind.FLOAT:
        return finite(FLOAT, fold(np.add, _or_nothing(column, 0.0), ranges, 0.0), None)
    if column.type.kind is Kind.DURATION:
        return assemble(*_duration_sums(window, column, ranges), None)
    values = np.where(null_of(column), 0, numbers(column))
    return flat(INT, int_sums(values, ranges, window.call.span))


def _duration_sums(window: Window, column: Column, ranges: Ranges) -> tuple[Ints, Ints]:
    """(months, microseconds) of each range."""
    known, span = np.flatnonzero(~null_of(column)), window.call.span
    found = np.zeros((2, len(column)), np.int64)
    found[0, known], found[1, known] = parts(column.take(known))
    return int_sums(found[0], ranges, span), int_sums(found[1], ranges, span)


def _avg(window: Window, column: Column, ranges: Ranges) -> Column:
    if column.type.kind is Kind.DURATION:
        return means(*_duration_sums(window, column, ranges), counts(~null_of(column), ranges))
    sums = fold(np.add, _or_nothing(column, 0.0), ranges, 0.0)
    return finite(FLOAT, sums / counts(~null_of(column), ranges), None)


def _count(_: Window, column: Column, ranges: Ranges) -> Column:
    return flat(INT, counts(~null_of(column), ranges))


def _min(_: Window, column: Column, ranges: Ranges) -> Column:
    return _extreme(np.minimum, column, ranges, (np.inf, INT_MAX))


def _max(_: Window, column: Column, ranges: Ranges) -> Column:
    return _extreme(np.maximum, column, ranges, (-np.inf, INT_MIN))


def _extreme(better: np.ufunc, column: Column, ranges: Ranges, worst: tuple[float, int]) -> Column:
    """`worst` is what every float and every int wins against."""
    nulls = null_of(column)
    there = counts(~nulls, ranges) > 0
    if isinstance(column, Flat) and column.values.dtype.kind in "if":
        nothing = worst[0] if column.values.dtype.kind == "f" else worst[1]
        return flat(column.type, fold(better, np.where(nulls, nothing, column.values), ranges, nothing), there)
    if nulls.all():
        return null_column(column.type, len(column))
    codes, count = ranks(column)
    best = fold(better, np.where(nulls, worst[1], codes), ranges, worst[1])
    return restrict(column.take(first_rows(codes, count)[np.where(there, best, 0)]), there)


def _median(_: Window, column: Column, ranges: Ranges) -> Column:
    there = ~null_of(column)
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(there, dtype=np.int64)])
    found = medians(numbers(column)[there].astype(np.float64), Ranges(before[ranges.starts], before[ranges.ends]))
    return finite(FLOAT, found, None)


def _or_nothing(column: Column, nothing: float) -> Floats:
    """As floats, with `nothing` where it is null."""
    return np.where(null_of(column), nothing, numbers(column)).astype(np.float64)


_Reduce: TypeAlias = "Callable[[Window, Column, Ranges], Column]"
_REDUCTIONS: dict[str, _Reduce] = {"sum": _sum, "avg": _avg, "min": _min, "max": _max, "count": _count}


def _register_running(name: str, reduce: _Reduce) -> None:
    @window_kernel(f"running_{name}")
    def running(window: Window, column: Column) -> Column:
        return reduce(window, column, Ranges(window.groups.starts, window.rows + 1))


def _register_moving(name: str, reduce: _Reduce) -> None:
    @window_kernel(f"moving_{name}")
    def moving(
        window: Window, column: Column, width: int | Duration | None, at: Column | None = None, zone: str | None = None
    ) -> Column:
        if at is None:
            assert not isinstance(width, Duration)
            rows = window.rows
            starts = np.maximum(rows + 1 - _row_count(window, width, 1), window.groups.starts)
            return reduce(window, column, Ranges(starts, rows + 1))
        known = ~null_of(at)
        assert not isinstance(width, int)
        return restrict(reduce(window, restrict(column, known), _lately(window, width, at, zone)), known)


for _name, _reduce in _REDUCTIONS.items():
    _register_running(_name, _reduce)
    _register_moving(_name, _reduce)
_register_moving("median", _median)


# ---- rows near to a row


def _row_count(window: Window, rows: int | None, least: int) -> int:
    """A number of rows, no larger than need be."""
    if rows is None or rows < least:
        raise window.refused("PQ0763", least=least, found="null" if rows is None else rows)
    return min(rows, len(window.groups.starts) + 1)


def _neighbour(window: Window, column: Column, distance: int) -> Column:
    """The value so many rows further in the group, null outside of it."""
    groups, there = window.groups, window.rows + distance
    inside = (there >= groups.starts) & (there < groups.ends)
    return restrict(column.take(np.where(inside, there, 0)), inside)


def _lately(window: Window, width: Duration | None, at: Column, zone: str | None) -> Ranges:
    if width is None or width.months < 0 or width.micros < 0 or not (width.months or width.micros):
        raise window.refused("PQ0764", found=width or "null")
    found = lately(at, window.groups, width, zone, window.call.span)
    if found is None:
        raise window.refused("PQ0765", column=window.columns[2] or "...")
    return found
