"""The time buckets between two."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from paasq_daemon.index.column import Ints
from paasq_daemon.kernels.errors import EvaluationError
from paasq_dsl.values import MICROS_PER_UNIT, Duration, add_months

SHORTEST_MONTH_US = 27 * MICROS_PER_UNIT["d"]


def bucket_starts(first: int, last: int, width: Duration, max_buckets: int) -> Ints:
    """The beginnings of all buckets from `first` to `last`, both beginnings themselves, ascending, in microseconds."""
    if not width.months:
        count = (last - first) // width.micros + 1
        _check(count, max_buckets)
        return first + np.arange(count, dtype=np.int64) * width.micros
    beginnings = [first]
    while beginnings[-1] < last:
        beginnings.append(add_months(first, width.months * len(beginnings)))
        _check(len(beginnings), max_buckets)
    return np.array(beginnings, np.int64)


def zoned_bucket_starts(first: int, last: int, width: Duration, most: int, buckets_of: Callable[[Ints], Ints]) -> Ints:
    """The same by the clocks of a zone, where buckets differ in length: none is shorter than half of the shortest usual one,
    so times that far apart fall into every bucket. `buckets_of` gives the beginnings of those that times fall into."""
    step = max((width.micros or width.months * SHORTEST_MONTH_US) // 2, 1)
    count = (last - first) // step + 2
    _check(count // 2, most)
    return np.unique(buckets_of(np.minimum(first + np.arange(count, dtype=np.int64) * step, last)))


def _check(count: int, most: int) -> None:
    if count > most:
        raise EvaluationError("PQ0791", most=f"{most:,}")
