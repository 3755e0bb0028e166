"""Statistical aggregates: quantiles, spread, correlation, histograms. Computed in float64; nulls are left out."""

from __future__ import annotations

import numpy as np

from paasq_daemon.index.column import Column, FlatColumn, Floats, Ints, ListColumn
from paasq_daemon.kernels.aggregate.functions import aggregate_kernel, percentile
from paasq_daemon.kernels.aggregate.grouping import Groups
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import finite_column, null_mask, numeric_values
from paasq_dsl.types import FLOAT, INT, list_of

RANGES_MAX = 10_000
CELLS_MAX = 10_000_000  # of the histograms of all groups


@aggregate_kernel("median")
def median(groups: Groups, column: Column) -> Column:
    """`percentile` at 50: of an even number of values the mean of the two in the middle."""
    return percentile(groups, column, 50)


@aggregate_kernel("variance")
def variance(groups: Groups, column: Column) -> Column:
    """FlatColumn[float64]: the sample variance (n - 1) of each group, null of fewer than two values.

    Two passes around the mean, so that a large mean costs no precision (Chan, Golub, LeVeque 1983).
    """
    return finite_column(FLOAT, _variances(groups, column), None)


@aggregate_kernel("stddev")
def stddev(groups: Groups, column: Column) -> Column:
    """FlatColumn[float64]: the root of `variance`."""
    return finite_column(FLOAT, np.sqrt(_variances(groups, column)), None)


@aggregate_kernel("correlation")
def correlation(groups: Groups, left: Column, right: Column) -> Column:
    """FlatColumn[float64]: Pearson's r of each group, within -1 to 1; null of fewer than two pairs or where a column is
    constant.
    """
    products, lefts, rights = _deviations(groups, left, right)
    return finite_column(FLOAT, np.clip(products / np.sqrt(lefts * rights), -1, 1), None)


@aggregate_kernel("slope")
def slope(groups: Groups, left: Column, right: Column) -> Column:
    """FlatColumn[float64]: the slope of the least-squares line of `left` over `right`; null where `right` is constant."""
    products, _, rights = _deviations(groups, left, right)
    return finite_column(FLOAT, products / rights, None)


@aggregate_kernel("histogram")
def histogram(groups: Groups, column: Column, ranges: int) -> Column:
    """ListColumn[int64]: counts in `ranges` equally wide ranges from the smallest to the largest value of each group.

    The largest value belongs to the last range; where all values are equal, all to the first. Raises EvaluationError
    PQ0767 where `ranges` is null or outside 1 to RANGES_MAX, PQ0798 where all groups together have more than CELLS_MAX
    ranges.
    """
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
    present = ~null_mask(column)
    return groups.group_ids[present], numeric_values(column)[present].astype(np.float64)


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
    present = ~(null_mask(left) | null_mask(right))
    codes, count = groups.group_ids[present], groups.count
    lefts = _centred(codes, numeric_values(left)[present].astype(np.float64), count)
    rights = _centred(codes, numeric_values(right)[present].astype(np.float64), count)
    products, left_squares, right_squares = (
        np.bincount(codes, values, count).astype(np.float64) for values in (lefts * rights, lefts**2, rights**2)
    )
    return products, left_squares, right_squares
