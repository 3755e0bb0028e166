"""Rows in groups: those that are equal in all keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paasq_daemon.index.column import Column, Ints
from paasq_daemon.kernels.sort_keys import dense_ranks, factorize, first_rows


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows by group. `group_ids` int64, the group of each row; `first_rows` int64, each group's first row.

    The one group of no rows, which there is without keys, has the first row -1. Groups are numbered in ascending order
    of their key values, nulls last.
    """

    group_ids: Ints
    count: int
    first_rows: Ints


def group_rows(keys: Sequence[Column], length: int) -> Groups:
    """Groups of rows with equal values in all keys. Without keys there is one group, even of no rows."""
    codes, count = np.zeros(length, np.int64), 1
    for key in keys:
        more, distinct = dense_ranks(key)
        codes, count = factorize(codes * max(distinct, 1) + more)
    return Groups(codes, count, first_rows(codes, count))
