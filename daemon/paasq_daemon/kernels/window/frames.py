"""Frames of consecutive rows, and aggregates over each.

Each frame is computed from its own values. Differences of running totals would be faster, but they lose the digits of
small values next to large ones, and one NaN would spoil every later frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Floats, Ints, Mask
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.sort_keys import factorize
from paasq_dsl.source_text import Span
from paasq_dsl.values import INT_MAX, INT_MIN

_SAFE_SUM = 9.0e18  # sums of magnitudes below this fit into 64 bits
_BLOCK_ROWS = 32_768


@dataclass(frozen=True, slots=True)
class Frames:
    """One frame for each row: rows from `starts` (included) to `ends` (excluded), int64; empty where both are equal."""

    starts: Ints
    ends: Ints

    @property
    def lengths(self) -> Ints:
        """int64: the rows of each frame."""
        return self.ends - self.starts


def reduce_frames(combine: np.ufunc, values: NDArray[Any], ranges: Frames, nothing: Any) -> NDArray[Any]:
    """`combine` over the values of each frame, `nothing` for an empty one, of the dtype of `values`. O(n log of the longest)."""
    if len(values) and not ranges.starts.any() and ranges.ends.all():  # running from the first row
        return np.asarray(combine.accumulate(values))[ranges.ends - 1]
    found = np.empty(len(values), values.dtype)
    for rows, inside, part in _blocks(ranges):
        found[rows] = _folded(combine, values[inside], part, nothing)
    return found


def _folded(combine: np.ufunc, values: NDArray[Any], ranges: Frames, nothing: Any) -> NDArray[Any]:
    """A range is put together from runs of 1, 2, 4, ... values, as the bits of its length say: each run is combined once for
    all ranges. So sums are pairwise, which also keeps their error small."""
    lengths, ends = ranges.lengths, ranges.ends - 1  # the last value of each that is not yet in
    found = np.full(len(lengths), nothing, values.dtype)
    longest, run, length = int(lengths.max()), values, 1  # run[i]: of the `length` values that end with the i-th
    while length <= longest:
        rows = np.flatnonzero(lengths & length)
        if len(rows) == len(found):
            found = combine(found, run[ends])
            ends = ends - length
        else:
            found[rows] = combine(found[rows], run[ends[rows]])
            ends[rows] -= length
        longer = run.copy()
        combine(run[length:], run[:-length], out=longer[length:])
        run, length = longer, length * 2
    return found


def _blocks(ranges: Frames) -> Iterator[tuple[slice, slice, Frames]]:
    """Rows block by block, so that what is computed with stays in a processor's cache: the rows, the rows that their ranges
    lie in, and the ranges counted from the first of these."""
    count = len(ranges.starts)
    size = max(_BLOCK_ROWS, 8 * int(ranges.lengths.max(initial=0)))  # blocks overlap by the longest range
    for begin in range(0, count, size):
        rows = slice(begin, min(begin + size, count))
        starts, ends = ranges.starts[rows], ranges.ends[rows]
        nonempty = starts < ends
        low, high = int(starts[nonempty].min(initial=count)), int(ends[nonempty].max(initial=0))
        yield rows, slice(low, high), Frames(np.where(nonempty, starts - low, 0), np.where(nonempty, ends - low, 0))


def count_frames(mask: Mask, ranges: Frames) -> Ints:
    """int64: how many rows of each frame are True in the mask."""
    before = np.concatenate([np.zeros(1, np.int64), np.cumsum(mask, dtype=np.int64)])
    inside: Ints = before[ranges.ends] - before[ranges.starts]
    return inside


def sum_frames(values: Ints, ranges: Frames, span: Span) -> Ints:
    """int64: the sum of each frame, 0 of an empty one. Raises EvaluationError PQ0781 where a sum leaves 64 bits."""
    magnitudes = np.abs(values.astype(np.float64))
    if magnitudes.sum() < _SAFE_SUM or (reduce_frames(np.add, magnitudes, ranges, 0.0) < _SAFE_SUM).all():
        exact: Ints = reduce_frames(np.add, values, ranges, 0)
        return exact
    before = [0, *accumulate(values.tolist())]  # of any size, so that differences are exact
    sums = [
        before[end] - before[start] for start, end in zip(ranges.starts.tolist(), ranges.ends.tolist(), strict=True)
    ]
    if any(not INT_MIN <= total <= INT_MAX for total in sums):
        raise EvaluationError("PQ0781", span)
    return np.array(sums, np.int64)


def median_frames(values: Floats, ranges: Frames) -> Floats:
    """float64: the median of each frame, the mean of the middle two of an even number; NaN of an empty one."""
    found = np.full(len(ranges.starts), np.nan)
    for rows, inside, part in _blocks(ranges):
        nonempty = np.flatnonzero(part.lengths)
        full, count = Frames(part.starts[nonempty], part.ends[nonempty]), part.lengths[nonempty]
        low, high = (_smallest(values[inside], full, place) for place in ((count - 1) // 2, count // 2))
        found[rows][nonempty] = low + (high - low) * 0.5
    return found


def _smallest(values: Floats, ranges: Frames, places: Ints) -> Floats:
    """The `places`-th smallest value of each frame (0 the smallest).

    By a wavelet matrix (Claude, Navarro: The Wavelet Matrix, 2012) over the ranks of the values, one bit a turn from the
    highest: values are sorted by the bits seen, and counts of zeros give the new bounds of each frame. O(n log n), however
    wide the ranges are.
    """
    codes, distinct = factorize(values)
    value_of = np.empty(distinct, np.float64)
    value_of[codes] = values
    starts, ends, places = ranges.starts, ranges.ends, places.copy()
    found = np.zeros(len(places), np.int64)
    for bit in reversed(range(max(distinct - 1, 0).bit_length())):
        ones = (codes >> bit) & 1
        zeros = np.concatenate([np.zeros(1, np.int64), np.cumsum(1 - ones)])
        zero_starts, zero_ends = zeros[starts], zeros[ends]
        up = places >= zero_ends - zero_starts
        found += up.astype(np.int64) << bit
        places -= np.where(up, zero_ends - zero_starts, 0)
        starts = np.where(up, zeros[-1] + starts - zero_starts, zero_starts)
        ends = np.where(up, zeros[-1] + ends - zero_ends, zero_ends)
        codes = codes[np.argsort(ones, kind="stable")]
    return value_of[found]


def upper_bounds(times: Ints, limits: Ints, groups: Frames) -> Ints:
    """int64: for each limit the first row of its partition with a later time, or the partition's end. Times ascend in each."""
    if not groups.starts.any():
        return np.searchsorted(times, limits, side="right").astype(np.int64)
    low, high = groups.starts.copy(), groups.ends.copy()
    while (undecided := low < high).any():
        middle = (low + high) // 2
        early = undecided & (times[np.minimum(middle, len(times) - 1)] <= limits)
        low = np.where(early, middle + 1, low)
        high = np.where(undecided & ~early, middle, high)
    return low
