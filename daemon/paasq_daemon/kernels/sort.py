"""Sorting of rows by columns. Nulls come last in both directions; equal rows keep their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Column, Ints
from paasq_daemon.kernels.operands import null_mask
from paasq_daemon.kernels.sort_keys import descending, order_preserving


def argsort(keys: Sequence[tuple[Column, bool]], length: int) -> Ints:
    """int64: row numbers in sorted order. A key is (column, descending); the first one is the most significant."""
    if not keys:
        return np.arange(length)
    return np.lexsort([part for key in reversed(keys) for part in _key(*key)]).astype(np.int64)


def top_k(keys: Sequence[tuple[Column, bool]], length: int, k: int) -> Ints:
    """The first `k` entries of `argsort`. Rows that cannot be among them by the first key are excluded before sorting."""
    if k <= 0 or not keys or k >= length:
        return argsort(keys, length)[: max(k, 0)]
    parts = _key(*keys[0])
    nulls = parts[1] if len(parts) > 1 else np.zeros(length, np.bool_)
    present = np.flatnonzero(~nulls)
    if len(present) < k:
        return argsort(keys, length)[:k]
    values = parts[0][present]
    worst = np.partition(values, k - 1)[k - 1]
    if worst != worst:  # noqa: PLR0124 -- nan, which no comparison finds
        return argsort(keys, length)[:k]
    candidates = present[values <= worst]  # with all that equal the worst: later keys, or the rows' order, decide
    among = argsort([(column.take(candidates), down) for column, down in keys], len(candidates))
    chosen: Ints = candidates[among[:k]]
    return chosen


def _key(column: Column, down: bool) -> list[NDArray[Any]]:
    """Arrays for lexsort, the last one first: ascending values, and before them where null."""
    values = order_preserving(column)
    if down:
        values = descending(values)
    nulls = null_mask(column)
    return [np.where(nulls, values.dtype.type(0), values), nulls] if nulls.any() else [values]
