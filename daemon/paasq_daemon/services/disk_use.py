"""Which bytes on the disk are what, and which of them a compaction gives back."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paasq_daemon.index.index_folder import INDEX_NAME
from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.snapshot.locate import SNAPSHOTS_NAME
from paasq_daemon.store.data_file_size import DataFileSize
from paasq_daemon.store.data_folder import STORE_NAME
from paasq_daemon.store.lmdb_environment import DATA_NAME
from paasq_daemon.store.store import Store

_VECTOR_SUFFIXES = {".rows", ".log"}
_COLUMNS, _TEXT = "columns", "text"


@dataclass(eq=False)
class DiskUse:
    """Measures a store that is open in this process. May be called from any thread."""

    store: Store
    indexes: Indexes

    def report(self) -> dict[str, Any]:
        """JSON, in bytes. `data` are the parts of the data file, `history` being records that are replaced or deleted, and their
        vectors; `index` by kind; `other` the reserve, damaged files that a repair kept, and the like."""
        size = self.store.measure()
        index, by_part, others = self._files()
        dead = self._dead_bytes(by_part)
        return {
            "bytes": size.file + sum(index.values()) + sum(others.values()),
            "reclaimable": size.reclaimable + dead,
            "data": {"bytes": size.file, **self._data(size), "reclaimable": size.reclaimable},
            "index": {"bytes": sum(index.values()), **index, "reclaimable": dead},
            "snapshots": {"bytes": others["snapshots"]},
            "other": {"bytes": others["other"]},
        }

    def _data(self, size: DataFileSize) -> dict[str, int]:
        """History is counted to the byte, over records and vectors together; of each of their tables it has the same share."""
        with self.store.read() as view:
            history = sum(counters.history_bytes for counters in view.all_collection_counters().values())
            both = (view.tables.bodies.name, view.tables.vectors.name)
        stored = sum(size.tables[name] for name in both)
        live = {name: size.tables[name] - history * size.tables[name] // stored for name in both if stored}
        history = stored - sum(live.values())
        return {**size.tables, **live, "history": history, "free": size.free, "gaps": size.gaps}

    def _files(self) -> tuple[dict[str, int], Counter[tuple[int, str]], Counter[str]]:
        """Bytes of the index by kind, by collection and folder, and of everything but data file and index."""
        index = {"columns": 0, "vectors": 0, "text": 0}
        by_part, others = Counter[tuple[int, str]](), Counter[str]()
        folder = self.store.folder
        for path, size in _sizes(folder):
            match path.relative_to(folder).parts:
                case [first, second] if (first, second) == (STORE_NAME, DATA_NAME):
                    pass
                case [first, id_, part, *_] if first == INDEX_NAME and id_.isdigit() and part in (_COLUMNS, _TEXT):
                    kind = "vectors" if part == _COLUMNS and Path(path.stem).suffix in _VECTOR_SUFFIXES else part
                    index[kind] += size
                    by_part[int(id_), part] += size
                case [first, *_] if first == SNAPSHOTS_NAME:
                    others["snapshots"] += size
                case _:
                    others["other"] += size
        return index, by_part, others

    def _dead_bytes(self, by_part: Counter[tuple[int, str]]) -> int:
        """Of a text index that nobody has searched since the start it is not known."""
        total = 0
        for id_, (stored, dead) in self.indexes.reclaimable_rows().items():
            total += by_part[id_, _COLUMNS] * dead // stored if stored else 0
            total += int(by_part[id_, _TEXT] * self.indexes.text_index(id_).dead_share)
        return total


def _sizes(folder: str | Path) -> Iterator[tuple[Path, int]]:
    """The files below a folder; one that is removed meanwhile is left out."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if entry.is_dir(follow_symlinks=False):
                    yield from _sizes(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    yield Path(entry.path), entry.stat(follow_symlinks=False).st_size
