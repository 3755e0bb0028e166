"""The aggregate functions: from columns of rows in groups to a column with one row for each group.

Nulls are left out. Where no row of a group has a value the result is null, unless a function says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Column, FlatColumn, Ints, ListColumn, Mask
from paasq_daemon.kernels import checked_integers
from paasq_daemon.kernels.aggregate.grouping import Groups
from paasq_daemon.kernels.columns import column_to_values, null_column, object_array, offsets_from_lengths
from paasq_daemon.kernels.durations import duration_column, mean_durations, months_and_micros
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import finite_column, flat_column, null_mask, null_outside, numeric_values
from paasq_daemon.kernels.sort_keys import dense_ranks, descending, distinct_pairs, first_rows, order_preserving
from paasq_dsl.source_text import DUMMY_SPAN
from paasq_dsl.types import BOOL, FLOAT, INT, TypeKind, list_of
from paasq_dsl.values import INT_MAX, INT_MIN

_SAFE_SUM = 9.0e18  # sums of magnitudes below this fit into 64 bits


_Aggregate: TypeAlias = "Callable[..., Column]"
_AnyAggregate = TypeVar("_AnyAggregate", bound=_Aggregate)
AGGREGATE_KERNELS: dict[str, _Aggregate] = {}


def aggregate_kernel(name: str) -> Callable[[_AnyAggregate], _AnyAggregate]:
    """Registers the kernel of an aggregate function under its name."""

    def register(function: _AnyAggregate) -> _AnyAggregate:
        AGGREGATE_KERNELS[name] = function
        return function

    return register


@aggregate_kernel("count")
def count(groups: Groups, column: Column | None = None) -> Column:
    """FlatColumn[int64]: the rows of each group, or those where the column is not null; 0 where there are none."""
    codes = groups.group_ids if column is None else groups.group_ids[~null_mask(column)]
    return flat_column(INT, np.bincount(codes, minlength=groups.count).astype(np.int64))


@aggregate_kernel("count_distinct")
def count_distinct(groups: Groups, column: Column) -> Column:
    """FlatColumn[int64]: distinct values of each group, exact; 0 where there are none."""
    present = ~null_mask(column)
    values, distinct = dense_ranks(column)
    codes, _ = distinct_pairs(groups.group_ids[present], values[present], distinct)
    return flat_column(INT, np.bincount(codes, minlength=groups.count).astype(np.int64))


@aggregate_kernel("count_if")
def count_if(groups: Groups, condition: Column) -> Column:
    """FlatColumn[int64]: the rows of each group where the condition is true; null counts as false."""
    codes = groups.group_ids[_is_true(condition)]
    return flat_column(INT, np.bincount(codes, minlength=groups.count).astype(np.int64))


@aggregate_kernel("any")
def any_(groups: Groups, condition: Column) -> Column:
    """FlatColumn[bool]: whether the condition is true in some row of the group; null counts as false."""
    return flat_column(BOOL, np.bincount(groups.group_ids[_is_true(condition)], minlength=groups.count) > 0)


@aggregate_kernel("all")
def all_(groups: Groups, condition: Column) -> Column:
    """FlatColumn[bool]: whether the condition is true in every row of the group; true of no rows, null counts as false."""
    return flat_column(BOOL, np.bincount(groups.group_ids[~_is_true(condition)], minlength=groups.count) == 0)


@aggregate_kernel("sum_if")
def sum_if(groups: Groups, column: Column, condition: Column) -> Column:
    """`sum_` over the rows where the condition is true; null counts as false."""
    return sum_(groups, null_outside(column, _is_true(condition)))


@aggregate_kernel("avg_if")
def avg_if(groups: Groups, column: Column, condition: Column) -> Column:
    """`avg` over the rows where the condition is true; null counts as false."""
    return avg(groups, null_outside(column, _is_true(condition)))


@aggregate_kernel("sum")
def sum_(groups: Groups, column: Column) -> Column:
    """FlatColumn of the column's type (int64, float64 or duration): the sum of each group, 0 of no values.

    Durations add months and microseconds separately. A float sum that overflows is null; an int64 sum that does raises
    EvaluationError PQ0781 without a span.
    """
    present = ~null_mask(column)
    codes, values = groups.group_ids[present], numeric_values(column)[present]
    if column.type.kind is TypeKind.FLOAT:
        return finite_column(FLOAT, np.bincount(codes, values, groups.count).astype(np.float64), None)
    if column.type.kind is TypeKind.DURATION:
        return duration_column(*_duration_sums(groups, column), None)
    return flat_column(INT, _int_sums(codes, values, groups.count))


@aggregate_kernel("avg")
def avg(groups: Groups, column: Column) -> Column:
    """FlatColumn[float64], or duration of durations: the mean of each group. A float mean whose sum overflows is null."""
    present = ~null_mask(column)
    codes = groups.group_ids[present]
    counts = np.bincount(codes, minlength=groups.count)
    if column.type.kind is TypeKind.DURATION:
        return mean_durations(*_duration_sums(groups, column), counts)
    totals = np.bincount(codes, numeric_values(column)[present].astype(np.float64), groups.count)
    return finite_column(FLOAT, totals / counts, None)


@aggregate_kernel("min")
def min_(groups: Groups, column: Column) -> Column:
    """The smallest value of each group, of the column's type; order as in `order_preserving`."""
    return _extreme(groups, column, _numbered(column))


@aggregate_kernel("max")
def max_(groups: Groups, column: Column) -> Column:
    """The largest value of each group, of the column's type; order as in `order_preserving`."""
    return _extreme(groups, column, descending(_numbered(column)))


@aggregate_kernel("min_by")
def min_by(groups: Groups, column: Column, by: Column) -> Column:
    """The value of `column` in the row where `by` is smallest, the first of several; rows where either is null are left out."""
    return _value_at_extreme(groups, column, by, _numbered(by))


@aggregate_kernel("max_by")
def max_by(groups: Groups, column: Column, by: Column) -> Column:
    """The value of `column` in the row where `by` is largest, the first of several; rows where either is null are left out."""
    return _value_at_extreme(groups, column, by, descending(_numbered(by)))


@aggregate_kernel("mode")
def mode(groups: Groups, column: Column) -> Column:
    """The most frequent value of each group, the smallest of several equally frequent ones."""
    rows = np.flatnonzero(~null_mask(column))
    places, distinct = dense_ranks(column)
    pairs, firsts, sizes = np.unique(
        groups.group_ids[rows] * max(distinct, 1) + places[rows], return_index=True, return_counts=True
    )
    best = np.argsort(-sizes, kind="stable")
    chosen = first_rows(pairs[best] // max(distinct, 1), groups.count)
    return _from_rows(groups, column, rows[firsts[best]], chosen)


@aggregate_kernel("percentile")
def percentile(groups: Groups, column: Column, percent: float) -> Column:
    """FlatColumn[float64], or time or duration of these: by linear interpolation between the two nearest values (type 7
    of Hyndman and Fan 1996, numpy's default); durations by their length.

    Raises EvaluationError PQ0766 where `percent` is null or outside 0 to 100.
    """
    if percent is None or not 0 <= percent <= 100:
        raise EvaluationError("PQ0766", found="null" if percent is None else percent)
    kind = column.type.kind
    rows = np.flatnonzero(~null_mask(column))
    codes = groups.group_ids[rows]
    if not len(rows):
        return null_column(column.type if kind in {TypeKind.TIME, TypeKind.DURATION} else FLOAT, groups.count)
    values = order_preserving(column)[rows]
    order = np.lexsort((values, codes))
    sizes = np.bincount(codes, minlength=groups.count)
    place = np.maximum(sizes - 1, 0) * (percent / 100)
    low = np.floor(place).astype(np.int64)
    start = offsets_from_lengths(sizes)[:-1]
    below = order[np.minimum(start + low, len(rows) - 1)]
    above = order[np.minimum(start + np.minimum(low + 1, np.maximum(sizes - 1, 0)), len(rows) - 1)]
    floats = values.astype(np.float64)
    step = (floats[above] - floats[below]) * (place - low)
    if kind not in {TypeKind.TIME, TypeKind.DURATION}:
        return finite_column(FLOAT, floats[below] + step, sizes > 0)
    return _later(column.take(rows[below]), np.floor(step + 0.5).astype(np.int64), sizes > 0)


def _later(column: Column, micros: Ints, valid: Mask) -> Column:
    """Times moved, or durations made longer, by so many microseconds."""
    if column.type.kind is TypeKind.TIME:
        return flat_column(column.type, numeric_values(column) + micros, valid)
    months, own = months_and_micros(column)
    return duration_column(months, checked_integers.add(own, micros, valid, DUMMY_SPAN), valid)


@aggregate_kernel("first_value")
def first_value(groups: Groups, column: Column) -> Column:
    """The first value of each group that is not null, in the order of the rows."""
    rows = np.flatnonzero(~null_mask(column))
    return _from_rows(groups, column, rows, first_rows(groups.group_ids[rows], groups.count))


@aggregate_kernel("last_value")
def last_value(groups: Groups, column: Column) -> Column:
    """The last value of each group that is not null, in the order of the rows."""
    rows = np.flatnonzero(~null_mask(column))[::-1]
    return _from_rows(groups, column, rows, first_rows(groups.group_ids[rows], groups.count))


@aggregate_kernel("collect")
def collect(groups: Groups, column: Column) -> Column:
    """ListColumn: the values of each group in the order of the rows; empty where there are none."""
    rows = np.flatnonzero(~null_mask(column))
    codes = groups.group_ids[rows]
    items = column.take(rows[np.argsort(codes, kind="stable")])
    if isinstance(items, ListColumn):  # the inner lists become Python lists
        items = FlatColumn(column.type, object_array(column_to_values(items)))
    return ListColumn(list_of(column.type), offsets_from_lengths(np.bincount(codes, minlength=groups.count)), items)


@aggregate_kernel("collect_distinct")
def collect_distinct(groups: Groups, column: Column) -> Column:
    """ListColumn: the distinct values of each group in the order of their first appearance; empty where there are none."""
    rows = np.flatnonzero(~null_mask(column))
    places, distinct = dense_ranks(column)
    firsts = np.unique(groups.group_ids[rows] * max(distinct, 1) + places[rows], return_index=True)[1]
    kept = rows[np.sort(firsts)]
    return collect(Groups(groups.group_ids[kept], groups.count, groups.first_rows), column.take(kept))


def _is_true(condition: Column) -> Mask:
    found: Mask = numeric_values(condition).astype(np.bool_) & ~null_mask(condition)
    return found


def _numbered(column: Column) -> NDArray[Any]:
    """int64 or float64 in the order of the values."""
    values = order_preserving(column)
    return values.astype(np.int64) if values.dtype == np.bool_ else values


def _extreme(groups: Groups, column: Column, numbered: NDArray[Any]) -> Column:
    """The value whose number is the least of its group."""
    return _value_at_extreme(groups, column, column, numbered)


def _value_at_extreme(groups: Groups, column: Column, by: Column, numbered: NDArray[Any]) -> Column:
    rows = np.flatnonzero(~(null_mask(column) | null_mask(by)))
    codes, places = groups.group_ids[rows], numbered[rows]
    best = np.full(groups.count, np.inf if places.dtype.kind == "f" else INT_MAX, places.dtype)
    np.minimum.at(best, codes, places)
    winners = rows[places == best[codes]]
    return _from_rows(groups, column, winners, first_rows(groups.group_ids[winners], groups.count))


def _from_rows(groups: Groups, column: Column, rows: Ints, chosen: Ints) -> Column:
    """The values at `rows[chosen]`, null where `chosen` is -1."""
    if not len(rows):
        return null_column(column.type, groups.count)
    present: Mask = chosen >= 0
    return null_outside(column.take(rows[chosen]), present)


def _duration_sums(groups: Groups, column: Column) -> tuple[Ints, Ints]:
    """(months, microseconds) of each group."""
    present = np.flatnonzero(~null_mask(column))
    codes = groups.group_ids[present]
    months, micros = (np.broadcast_to(part, len(present)) for part in months_and_micros(column.take(present)))
    return _int_sums(codes, months, groups.count), _int_sums(codes, micros, groups.count)


def _int_sums(codes: Ints, values: Ints, count: int) -> Ints:
    if (np.bincount(codes, np.abs(values.astype(np.float64)), count) >= _SAFE_SUM).any():
        return _exact_sums(codes, values, count)
    totals = np.zeros(count, np.int64)
    np.add.at(totals, codes, values)
    return totals


def _exact_sums(codes: Ints, values: Ints, count: int) -> Ints:
    totals = [0] * count
    for code, value in zip(codes.tolist(), values.tolist(), strict=True):
        totals[code] += value
    if any(not INT_MIN <= total <= INT_MAX for total in totals):
        raise EvaluationError("PQ0781")
    return np.array(totals, np.int64)
