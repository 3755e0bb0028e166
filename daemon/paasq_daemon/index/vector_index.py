"""The vectors of one field being built: blocks of rows, and a log that says whose each row is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from paasq_daemon.index.append_array import AppendArray
from paasq_daemon.index.column import Ints, Mask
from paasq_daemon.index.vector_blocks import Matrix, VectorBlocks
from paasq_daemon.index.vector_search import VectorSearcher, normalize_rows
from paasq_daemon.wire.errors import StoreError


class VectorIndex:
    """`log` has one entry a row: the record's ordinal, or `-1 - ordinal` where its vector went (a row of zeros).

    A later row of the same record replaces the earlier one, so that the log and the rows are only ever appended to.
    """

    def __init__(self, size: int, log: Ints | None = None, rows: Matrix | None = None) -> None:
        """`size` is the length of a vector."""
        self.log = AppendArray(np.int64, log)
        self.blocks = VectorBlocks(size, rows)
        self._known = -1  # the greatest ordinal in the log
        self._repeats = False  # whether a record may have more than one entry
        if log is not None and len(log):
            self._known = int(np.maximum(log, -1 - log).max())
            self._repeats = bool(log.min() < 0) or len(np.unique(log)) < len(log)

    def apply(self, changes: Mapping[int, bytes | None]) -> None:
        """Set the vectors of these records (float32 bytes by ordinal, ascending); None takes one away.

        Raises StoreError where a vector has not the length of the others.
        """
        given = {o: v for o, v in changes.items() if v is not None or o <= self._known}
        if not given:
            return
        nothing = bytes(self.blocks.entry_bytes)
        if any(v is not None and len(v) != len(nothing) for v in given.values()):
            raise StoreError(
                f"one vector field holds vectors of different lengths; {self.blocks.size} numbers were expected",
                "set all vectors of the field to be made again",
            )
        raw = b"".join(nothing if v is None else v for v in given.values())
        self._repeats |= min(given) <= self._known
        self._known = max(self._known, *given)
        self.blocks.extend(normalize_rows(np.frombuffer(raw, "<f4").reshape(len(given), self.blocks.size)))
        self.log.extend(np.array([-1 - o if v is None else o for o, v in given.items()], np.int64))

    def view(self, count: int, alive: Mask) -> VectorSearcher:
        """The vectors as they were when the log had `count` entries, of records that are `alive` (bool by ordinal)."""
        log = self.log.array(count)
        ordinals = np.where(log < 0, -1 - log, log) if self._repeats else log
        rows_alive = alive[ordinals]
        if self._repeats:
            last = np.zeros(count, np.bool_)
            last[count - 1 - np.unique(ordinals[::-1], return_index=True)[1]] = True
            rows_alive &= last & (log >= 0)
        return VectorSearcher(self.blocks.size, self.blocks.prefix(count), ordinals, rows_alive)
