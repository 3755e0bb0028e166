"""Vectors in memory: blocks of rows, so that growing never copies what is full."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.binary_quantization import PackedBits, quantize, words_per_vector

Matrix: TypeAlias = NDArray[np.float32]

BLOCK_ROWS = 16_384  # distances and words of one block stay in the processor's second cache
_CAPACITY_MIN = 256


class VectorBlock:
    """Up to BLOCK_ROWS unit vectors. Rows that a reader knows of never change; new ones are written after them."""

    def __init__(self, rows: Matrix) -> None:
        """`rows` may be a read-only map of a file; it is copied when a row is added."""
        self._rows = rows
        self.count = len(rows)
        self._signs: PackedBits = np.empty((words_per_vector(rows.shape[1]), 0), np.uint64)
        self._signed = 0
        self._signing = Lock()

    def append(self, rows: Matrix) -> int:
        """Take as many of the rows as there is room for; returns how many."""
        taken = min(len(rows), BLOCK_ROWS - self.count)
        end = self.count + taken
        if end > len(self._rows):
            capacity = min(BLOCK_ROWS, max(_CAPACITY_MIN, end, 2 * self.count))
            grown = np.empty((capacity, self._rows.shape[1]), np.float32)
            grown[: self.count] = self._rows[: self.count]
            self._rows = grown
        self._rows[self.count : end] = rows[:taken]
        self.count = end
        return taken

    def rows(self, count: int) -> Matrix:
        """float32 [count, d]."""
        return self._rows[:count]

    def quantized(self, count: int) -> PackedBits:
        """uint64 [words, count]: computed at the first scan that asks for them, then kept."""
        with self._signing:
            if self._signed < count:
                fresh = quantize(self._rows[self._signed : count])
                self._signs = np.concatenate([self._signs[:, : self._signed], fresh], axis=1)
                self._signed = count
            return self._signs[:, :count]


class VectorBlocks:
    """All vectors of one field, `size` numbers each, in the order they came."""

    def __init__(self, size: int, loaded: Matrix | None = None) -> None:
        self.size = size
        self.count = 0 if loaded is None else len(loaded)
        starts = range(0, self.count, BLOCK_ROWS)
        self._blocks = [] if loaded is None else [VectorBlock(loaded[start : start + BLOCK_ROWS]) for start in starts]

    def extend(self, rows: Matrix) -> None:
        while len(rows):
            if not self._blocks or self._blocks[-1].count == BLOCK_ROWS:
                self._blocks.append(VectorBlock(np.empty((0, self.size), np.float32)))
            taken = self._blocks[-1].append(rows)
            self.count += taken
            rows = rows[taken:]

    def __len__(self) -> int:
        return self.count

    @property
    def entry_bytes(self) -> int:
        """Bytes of one vector: `size` float32."""
        return 4 * self.size

    def prefix(self, count: int) -> tuple[tuple[VectorBlock, int], ...]:
        """The blocks that hold the first `count` rows, each with how many of its rows are among them."""
        starts = range(0, count, BLOCK_ROWS)
        return tuple((self._blocks[start // BLOCK_ROWS], min(BLOCK_ROWS, count - start)) for start in starts)

    def tail(self, start: int) -> Iterator[Matrix]:
        """The rows from `start` on, block by block."""
        for number in range(start // BLOCK_ROWS, len(self._blocks)):
            block = self._blocks[number]
            yield block.rows(block.count)[max(0, start - number * BLOCK_ROWS) :]
