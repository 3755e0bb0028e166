"""Aggregates of statistics: how values spread, and how two of them go together."""

from __future__ import annotations

import numpy as np

from paasq_daemon.index.column import Column, FlatColumn, Floats, Ints, ListColumn
from paasq_daemon.kernels.aggregate.functions import Groups, aggregate_kernel, percentile
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import finite_column, null_mask, numeric_values
from paasq_dsl.types import FLOAT, INT, list_of

RANGES_MAX = 10_000
CELLS_MAX = 10_000_000  # of the histograms of all groups


@aggregate_kernel("median")
def median(groups: Groups, column: Column) -> Column:
    return percentile(groups, column, 50)


@aggregate_kernel("variance")
def variance(groups: Groups, column: Column) -> Column:
    """In two passes, which a large mean does not harm."""
    return finite_column(FLOAT, _variances(groups, column), None)


@aggregate_kernel("stddev")
def stddev(groups: Groups, column: Column) -> Column:
    return finite_column(FLOAT, np.sqrt(_variances(groups, column)), None)


@aggregate_kernel("correlation")
def correlation(groups: Groups, left: Column, right: Column) -> Column:
    """Pearson's."""
    products, lefts, rights = _deviations(groups, left, right)
    return finite_column(FLOAT, np.clip(products / np.sqrt(lefts * rights), -1, 1), None)


@aggregate_kernel("slope")
def slope(groups: Groups, left: Column, right: Column) -> Column:
    products, _, rights = _deviations(groups, left, right)
    return finite_column(FLOAT, products / rights, None)


@aggregate_kernel("histogram")
def histogram(groups: Groups, column: Column, ranges: int) -> Column:
    """The largest value is in the last range; where all values are one, in the first."""
    if ranges is None or not 1 <= ranges <= RANGES_MAX:
        raise EvaluationError("PQ0767", most=f"{RANGES_MAX:,}", found="null" if ranges is None else ranges)
    if groups.count * ranges > CELLS_MAX:
        raise EvaluationError("PQ0798", groups=f"{groups.count:,}", ranges=f"{ranges:,}")
    codes, values = _present(groups, column)
    low, high = np.full(groups.count, np.inf), np.full(groups.count, -np.inf)
    np.minimum.at(low, codes, values)
    np.maximum.at(high, codes, values)
    width = (high - low)[codes]
    place = np.floor((values - low[codes]) / np.where(width > 0, width, 1) * ranges)
    cells = codes * ranges + np.minimum(place, ranges - 1).astype(np.int64)
    counts = np.bincount(cells, minlength=groups.count * ranges).astype(np.int64)
    valid = high >= low
    return ListColumn(
        list_of(INT), np.arange(groups.count + 1) * ranges, FlatColumn(INT, counts), None if valid.all() else valid
    )


def _present(groups: Groups, column: Column) -> tuple[Ints, Floats]:
    there = ~null_mask(column)
    return groups.group_ids[there], numeric_values(column)[there].astype(np.float64)


def _centred(codes: Ints, values: Floats, count: int) -> Floats:
    """Each value less the mean of its group: of values that are all the same exactly 0, which a sum divided may miss."""
    some = np.zeros(count)
    some[codes] = values
    shifted = values - some[codes]
    return shifted - (np.bincount(codes, shifted, count) / np.bincount(codes, minlength=count))[codes]


def _variances(groups: Groups, column: Column) -> Floats:
    codes, values = _present(groups, column)
    squares = np.bincount(codes, _centred(codes, values, groups.count) ** 2, groups.count)
    sizes = np.bincount(codes, minlength=groups.count)
    return np.where(sizes > 1, squares / (sizes - 1), np.nan)


def _deviations(groups: Groups, left: Column, right: Column) -> tuple[Floats, Floats, Floats]:
    """Of each group the sums of left * right, left * left and right * right, all less their means."""
    there = ~(null_mask(left) | null_mask(right))
    codes, count = groups.group_ids[there], groups.count
    lefts = _centred(codes, numeric_values(left)[there].astype(np.float64), count)
    rights = _centred(codes, numeric_values(right)[there].astype(np.float64), count)
    products, left_squares, right_squares = (
        np.bincount(codes, values, count).astype(np.float64) for values in (lefts * rights, lefts**2, rights**2)
    )
    return products, left_squares, right_squares
