"""Indexes of a store that another process writes, which cannot be asked to index: an import, or a program that has it open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.follower_indexes import FollowerIndexes
from paasq_daemon.index.text_index import TextIndex
from paasq_daemon.store.shared_store import SharedStore


class BesideIndexes(FollowerIndexes):
    """Columns are read from the files, and what they lack is replayed from the journal, however much that is. Texts are indexed
    here, in a temporary folder, when the first query needs them. For one thread."""

    def __init__(self, folder: Path, store: SharedStore, scratch: Path) -> None:
        """Nothing is written into the data folder; all that is made is under `scratch`."""
        self._scratch = scratch
        self._own_texts: dict[int, TextIndex] = {}
        super().__init__(folder, store, None, scratch)

    def text_index(self, collection_id: int) -> TextIndex:
        """As in ReadableIndexes."""

        def unseen() -> NDArray[np.int64]:
            return np.flatnonzero(~self._collections[collection_id].snapshot().live)

        found = self._own_texts.get(collection_id)
        if found is None:
            found = self._own_texts[collection_id] = TextIndex(self._scratch / f"text-{collection_id}", unseen)
        return found

    def close(self) -> None:
        """No view may be open."""
        for text in self._own_texts.values():
            text.close()
        super().close()
