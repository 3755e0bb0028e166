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
        """JSON, in bytes. `data` are the parts of the data file, `history` being those of its records that are replaced or
        deleted; `index` by kind; `other` the reserve, damaged files that a repair kept, and the like."""
        size = self.store.measure()
        index, of_columns, others = _files(Path(self.store.folder))
        dead = self._dead_bytes(of_columns)
        return {
            "bytes": size.file + sum(index.values()) + sum(others.values()),
            "reclaimable": size.reclaimable + dead,
            "data": {"bytes": size.file, **self._data(size), "reclaimable": size.reclaimable},
            "index": {"bytes": sum(index.values()), **index, "reclaimable": dead},
            "snapshots": {"bytes": others["snapshots"]},
            "other": {"bytes": others["other"]},
        }

    def _data(self, size: DataFileSize) -> dict[str, int]:
        with self.store.read() as view:
            live = sum(counters.live_count for counters in view.all_collection_counters().values())
            records = view.tables.bodies
            versions = records.count(view.txn)
        of_records = size.tables[records.name]
        history = of_records * (versions - live) // versions if versions else 0
        named = {name: count for name, count in size.tables.items() if name != records.name}
        return {"records": of_records - history, "history": history, **named, "free": size.free, "gaps": size.gaps}

    def _dead_bytes(self, of_columns: Counter[int]) -> int:
        rows = self.indexes.reclaimable_rows()
        return sum(of_columns[id_] * dead // stored for id_, (stored, dead) in rows.items() if stored)


def files_by_part(folder: Path) -> dict[str, dict[str, int]]:
    """JSON: bytes of the data file, index, snapshots and the rest."""
    index, _, others = _files(folder)
    data = (folder / STORE_NAME / DATA_NAME).stat().st_size
    return {
        "data": {"bytes": data},
        "index": {"bytes": sum(index.values()), **index},
        "snapshots": {"bytes": others["snapshots"]},
        "other": {"bytes": others["other"]},
    }


def _files(folder: Path) -> tuple[dict[str, int], Counter[int], Counter[str]]:
    """Bytes of the index by kind, of columns and vectors by collection, and of everything but data file and index."""
    index = {"columns": 0, "vectors": 0, "text": 0}
    of_columns, others = Counter[int](), Counter[str]()
    for path, size in _sizes(folder):
        match path.relative_to(folder).parts:
            case [first, second] if (first, second) == (STORE_NAME, DATA_NAME):
                pass
            case [first, id_, part, *_] if first == INDEX_NAME and id_.isdigit() and part in (_COLUMNS, _TEXT):
                kind = "vectors" if part == _COLUMNS and Path(path.stem).suffix in _VECTOR_SUFFIXES else part
                index[kind] += size
                of_columns[int(id_)] += size if part == _COLUMNS else 0
            case [first, *_] if first == SNAPSHOTS_NAME:
                others["snapshots"] += size
            case _:
                others["other"] += size
    return index, of_columns, others


def _sizes(folder: str | Path) -> Iterator[tuple[Path, int]]:
    """The files below a folder; one that is removed meanwhile is left out."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if entry.is_dir(follow_symlinks=False):
                    yield from _sizes(entry.path)
                elif entry.is_file(follow_symlinks=False):
                    yield Path(entry.path), entry.stat(follow_symlinks=False).st_size
