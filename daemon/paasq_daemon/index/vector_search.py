"""Nearest neighbours by cosine: exact where that is fast, else by sign bits with exact rescoring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.binary_quantization import (
    DISTANCE_MAX,
    Distances,
    hamming_distances,
    quantize,
    smallest_distances,
)
from paasq_daemon.index.column import Ints, Mask
from paasq_daemon.index.vector_blocks import BLOCK_ROWS, Matrix, VectorBlock

Scores: TypeAlias = NDArray[np.float32]

# Measured with 384 numbers a vector. Shorter ones have fewer sign bits, which tell less, but more of them are read in
# the same time: so both bounds count numbers, not rows.
EXACT_FLOATS_MAX = 20_000 * 384  # all passing rows are scored up to here: 1.3 ms, or 7 ms where they lie scattered
CANDIDATE_NUMBERS = 2_000 * 384  # scored after the signs: recall@10 of 0.998 or more on up to 200,000 rows
CANDIDATES_MIN = 1_000
CANDIDATES_PER_RESULT = 10  # in addition: recall of 0.99 at 100, 300 and 1,000 results


@dataclass(frozen=True, slots=True)
class Neighbors:
    """Ordinals (int64) and cosines (float32), best first, equal cosines by ordinal.

    `approximate`: candidates were chosen by sign bits, so a nearer row may be missing (the recall is measured).
    """

    ordinals: Ints
    scores: Scores
    approximate: bool = False


NO_NEIGHBORS = Neighbors(np.empty(0, np.int64), np.empty(0, np.float32))


class VectorSearcher:
    """The vectors of one field at one sequence number. Only live rows that have a vector are ever returned."""

    def __init__(self, size: int, blocks: tuple[tuple[VectorBlock, int], ...], ordinals: Ints, alive: Mask) -> None:
        """`ordinals` names each row's record; `alive` is False where the record died or the row was replaced."""
        self.size = size
        self._blocks = blocks
        self._ordinals = ordinals
        self._alive = alive

    @cached_property
    def count(self) -> int:
        """How many live records have a vector."""
        return int(np.count_nonzero(self._alive))

    def search(self, query: Scores, k: int, mask: Mask | None = None, *, exact: bool = False) -> Neighbors:
        """The k rows of highest cosine among those that `mask` (bool by ordinal; None: all) lets pass.

        `query` is float32 [d], of any length but of finite numbers. With `exact`, or where it costs no more, every
        passing row is scored. A vector of zeros has cosine 0 with everything.
        """
        self._check(query)
        passing = self._alive if mask is None else self._alive & mask[self._ordinals]
        passing_count = self.count if mask is None else int(np.count_nonzero(passing))
        if k <= 0 or not passing_count:
            return NO_NEIGHBORS
        unit = normalize_rows(query[np.newaxis])[0]
        rows = np.flatnonzero(passing)
        wanted = max(CANDIDATES_MIN, CANDIDATE_NUMBERS // self.size) + CANDIDATES_PER_RESULT * k
        approximate = not exact and len(rows) > max(wanted, EXACT_FLOATS_MAX // self.size)
        if approximate:
            rows = smallest_distances(self._distances(unit, passing), wanted)
        return self._best(unit, rows, k, approximate=approximate and len(rows) < passing_count)

    def scores(self, query: Scores, ordinals: Ints) -> Scores:
        """The cosine of each of these records with the query, in their order; NaN where a record has no vector."""
        self._check(query)
        rows = self._rows_of(ordinals)
        scores = np.full(len(ordinals), np.nan, np.float32)
        asked = np.flatnonzero(rows >= 0)
        asked = asked[np.argsort(rows[asked])]
        scores[asked] = self._cosines(normalize_rows(query[np.newaxis])[0], rows[asked])
        return scores

    def vector(self, ordinal: int) -> Scores | None:
        """float32 [d], of unit length (or all zeros); None where the record has no vector."""
        row = int(self._rows_of(np.array([ordinal]))[0])
        if row < 0:
            return None
        block, count = self._blocks[row // BLOCK_ROWS]
        vector: Scores = block.rows(count)[row % BLOCK_ROWS]
        return vector

    def _check(self, query: Scores) -> None:
        if self._blocks and query.shape != (self.size,):
            raise ValueError(f"the query is of shape {query.shape}, and the vectors have {self.size} numbers")

    @cached_property
    def _by_ordinal(self) -> tuple[Ints, Ints]:
        """Ordinals of the live rows, ascending, and their rows."""
        rows = np.flatnonzero(self._alive)
        order = np.argsort(self._ordinals[rows], kind="stable")
        return self._ordinals[rows][order], rows[order]

    def _rows_of(self, ordinals: Ints) -> Ints:
        known, rows = self._by_ordinal
        if not len(known):
            return np.full(len(ordinals), -1, np.int64)
        places = np.minimum(np.searchsorted(known, ordinals), len(known) - 1)
        return np.where(known[places] == ordinals, rows[places], -1)

    def _distances(self, unit: Scores, passing: Mask) -> Distances:
        query_words = quantize(unit[np.newaxis])[:, 0]
        distances = np.empty(len(passing), np.uint16)
        for number, (block, count) in enumerate(self._blocks):
            start = number * BLOCK_ROWS
            distances[start : start + count] = hamming_distances(block.quantized(count), query_words)
        distances[~passing] = DISTANCE_MAX
        return distances

    def _best(self, unit: Scores, rows: Ints, k: int, *, approximate: bool) -> Neighbors:
        scores = self._cosines(unit, rows)
        if len(rows) > k:
            top = np.flatnonzero(scores >= np.partition(scores, len(rows) - k)[len(rows) - k])
            rows, scores = rows[top], scores[top]
        ordinals = self._ordinals[rows]
        order = np.lexsort((ordinals, -scores))[:k]
        return Neighbors(ordinals[order], scores[order], approximate)

    def _cosines(self, unit: Scores, rows: Ints) -> Scores:
        """Of rows in ascending order. A dot product a row is as fast as a matrix product here, and unlike in that one a
        record's score never depends on which others are asked for with it: so pages fit together.
        """
        scores = np.empty(len(rows), np.float32)
        for here, block_rows in self._by_block(rows):
            scores[here] = np.vecdot(block_rows, unit)
        return scores

    def _by_block(self, rows: Ints) -> Iterator[tuple[slice, Matrix]]:
        """The vectors of rows in ascending order: for each block the slice of `rows` in it, and their vectors."""
        ends = np.searchsorted(rows, np.arange(1, len(self._blocks) + 1) * BLOCK_ROWS).tolist()
        for number, (start, end) in enumerate(pairwise([0, *ends])):
            if start < end:
                block, count = self._blocks[number]
                here = block.rows(count)
                yield slice(start, end), here if end - start == count else here[rows[start:end] - number * BLOCK_ROWS]


NO_VECTORS = VectorSearcher(
    0, (), np.empty(0, np.int64), np.empty(0, np.bool_)
)  # a field whose first vector is to come


def normalize_rows(rows: NDArray[np.float32]) -> Matrix:
    """The rows scaled to length 1, in float64 on the way so that nothing overflows; rows of zeros stay as they are."""
    wide = rows.astype(np.float64)
    norms = np.linalg.norm(wide, axis=1, keepdims=True)
    return (wide / np.where(norms == 0, 1.0, norms)).astype(np.float32)
