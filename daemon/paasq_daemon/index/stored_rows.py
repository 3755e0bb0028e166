"""Which rows of a collection its files hold: those of records that were dead when the index was built are left out.

In memory row `i` belongs to ordinal `i`, and ordinals only grow: of a record that was put 200 times, 199 rows are nulls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.append_array import AppendArray
from paasq_daemon.index.append_files import InvalidIndexFile
from paasq_daemon.index.column import Ints, Mask

_OFFSETS = "offsets"  # of lists: one more than rows
_BY_ROW = {_OFFSETS, "values", "valid", "codes"}  # parts of builders with an entry a row; others stay as they are
_CODE_OF_NULL = -1


class StoredRows:
    """The ordinals `kept`, ascending and below `start`, then every one from `start` on."""

    def __init__(self, kept: Ints | None = None, start: int = 0) -> None:
        self.kept = AppendArray(np.int64, kept)
        self.start = start

    @classmethod
    def of_built(cls, alive: Mask) -> StoredRows:
        """For an index just built, in which `alive` (bool by ordinal) says which rows are no nulls."""
        return cls() if alive.all() else cls(np.flatnonzero(alive), len(alive))

    @property
    def left_out(self) -> Ints:
        """The ordinals that are in no file, ascending."""
        return np.setdiff1d(np.arange(self.start), self.kept.array(), assume_unique=True)

    def stored(self, name: str, part: AppendArray[Any]) -> StoredPart | AppendArray[Any]:
        """What a file is to hold of a part of a builder."""
        if not self.start or name not in _BY_ROW:
            return part
        return StoredPart(part, self.kept.array(), self.start, leading=int(name == _OFFSETS))

    def expanded(self, name: str, entries: NDArray[Any]) -> NDArray[Any]:
        """The part of a builder that was stored so: rows that were left out are null. Raises InvalidIndexFile where the file
        is shorter."""
        if not self.start or name not in _BY_ROW:
            return entries
        kept, leading = self.kept.array(), int(name == _OFFSETS)
        head = len(kept) + leading
        if len(entries) < head:
            raise InvalidIndexFile(f"it has {len(entries)} entries where {head} rows were kept")
        if leading:
            ends = entries[:head][np.searchsorted(kept, np.arange(self.start), side="right")]
            return np.concatenate([entries[:1], ends, entries[head:]])
        full = np.zeros(self.start + len(entries) - head, entries.dtype)
        if name == "codes":
            full[: self.start] = _CODE_OF_NULL
        full[kept] = entries[:head]
        full[self.start :] = entries[head:]
        return full


@dataclass(frozen=True, slots=True)
class StoredPart:
    """Of an array, the first `leading` entries, those of the rows `kept`, then all from row `start` on: what a file holds."""

    array: AppendArray[Any]
    kept: Ints = field(compare=False)
    start: int
    leading: int = 0

    @property
    def entry_bytes(self) -> int:
        """Bytes of one entry in the file."""
        return self.array.entry_bytes

    def __len__(self) -> int:
        return len(self.kept) + len(self.array) - self.start

    def tail(self, start: int) -> Iterator[NDArray[Any]]:
        """The entries from number `start` on."""
        values, head = self.array.array(), self.leading + len(self.kept)
        if start < head:
            yield np.concatenate([values[: self.leading], values[self.kept + self.leading]])[start:]
        yield values[self.leading + self.start :][max(0, start - head) :]
