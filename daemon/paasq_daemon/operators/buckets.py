"""The time buckets between two."""

from __future__ import annotations

import numpy as np

from paasq_daemon.index.column import Ints
from paasq_daemon.kernels.errors import KernelError
from paasq_dsl.values import Duration, add_months


def buckets_between(first: int, last: int, width: Duration, most: int) -> Ints:
    """The beginnings of all buckets from `first` to `last`, both beginnings themselves, ascending, in microseconds."""
    if not width.months:
        count = (last - first) // width.micros + 1
        _check(count, most)
        return first + np.arange(count, dtype=np.int64) * width.micros
    beginnings = [first]
    while beginnings[-1] < last:
        beginnings.append(add_months(first, width.months * len(beginnings)))
        _check(len(beginnings), most)
    return np.array(beginnings, np.int64)


def _check(count: int, most: int) -> None:
    if count > most:
        raise KernelError("PQ0701", f"fill would make more than {most:,} rows; take wider buckets")
