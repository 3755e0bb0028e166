"""The sign bits of vectors: a first, coarse distance at a thirty-second of the memory traffic.

Bits are held column-wise, word `w` of all rows side by side, so that a scan runs along memory.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

PackedBits: TypeAlias = NDArray[np.uint64]
Distances: TypeAlias = NDArray[np.uint16]

DISTANCE_MAX = np.uint16(0xFFFF)  # above any distance: a row that must not be chosen


def words_per_vector(size: int) -> int:
    """How many words of 64 bits the signs of `size` numbers fill."""
    return -(-size // 64)


def quantize(rows: NDArray[np.float32]) -> PackedBits:
    """float32 [rows, d] -> uint64 [words, rows]; bits beyond d are 0."""
    count, size = rows.shape
    bits = np.zeros((count, words_per_vector(size) * 8), np.uint8)
    bits[:, : -(-size // 8)] = np.packbits(rows > 0, axis=1)
    return np.ascontiguousarray(bits.view(np.uint64).T)


def hamming_distances(words: PackedBits, query: PackedBits) -> Distances:
    """How many signs differ: uint64 [words, rows] against uint64 [words] -> uint16 [rows]."""
    distances = np.zeros(words.shape[1], np.uint16)
    for row_words, query_word in zip(words, query, strict=True):
        distances += np.bitwise_count(row_words ^ query_word)
    return distances


def smallest_distances(distances: Distances, count: int) -> NDArray[np.int64]:
    """The rows at the smallest distances, `count` or a few more (all those at the last distance), ascending by row."""
    reachable = distances[distances != DISTANCE_MAX]
    below = np.cumsum(np.bincount(reachable))
    last = int(np.searchsorted(below, min(count, len(reachable))))
    return np.flatnonzero(distances <= last)
