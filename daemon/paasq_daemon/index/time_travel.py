"""Indexes of a store at an earlier sequence number: built from its records on demand, and kept for the next query of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock, RLock

import numpy as np

from paasq_daemon.index.collection_index import CollectionIndex
from paasq_daemon.index.column import Ints
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.text_index import TextIndex
from paasq_daemon.store.historical_view import HistoricalView
from paasq_daemon.wire.cancellation import Check
from paasq_daemon.wire.errors import StoreError
from paasq_dsl.catalog import Catalog, Collection

HISTORICAL_MAX = 2  # past moments whose indexes are kept
HISTORICAL_PREFIX = "past-"  # of folders that are of no use to a later process


class HistoricalIndexes:
    """Indexes at one sequence number, read by the present `catalog`: a field added later is null or its default.

    Close it when no view of it is open any more.
    """

    def __init__(self, seq: int, catalog: Catalog, folder: Path) -> None:
        """The text indexes live in a temporary folder under `folder`."""
        self.seq = seq
        self.catalog = catalog
        self._snapshots: dict[int, ColumnSnapshot] = {}
        self._texts: dict[int, TextIndex] = {}
        self._lock = RLock()
        self._folder = TemporaryDirectory(prefix=HISTORICAL_PREFIX, dir=folder)

    def snapshot(self, store: HistoricalView, collection: Collection) -> ColumnSnapshot:
        """The state of a collection. Raises StoreError where it did not exist, or its history was trimmed; a field that had
        another type then is refused where it is asked for.
        """
        store.require_kept(collection.id)
        with self._lock:
            found = self._snapshots.get(collection.id)
            if found is None:
                other_types = _fields_of_another_type(store, collection)
                found = CollectionIndex.build(store, _with_defaults_then(store, collection)).snapshot()
                found.refused = other_types
                self._snapshots[collection.id] = found
            return found

    def text_index(self, collection_id: int) -> TextIndex:
        """The text index of a collection whose snapshot was requested before."""

        def deleted() -> Ints:
            return np.flatnonzero(~self._snapshots[collection_id].live)

        with self._lock:
            if collection_id not in self._texts:
                self._texts[collection_id] = TextIndex(Path(self._folder.name) / str(collection_id), deleted)
            return self._texts[collection_id]

    def catch_up_text(self, name: str, snapshot: ColumnSnapshot, check: Check) -> None:
        """Nothing is written to a past."""

    def keep_moment(self, view: object) -> None:
        """It can be read again."""

    def close(self) -> None:
        """Close the text indexes and remove their folder."""
        for text in self._texts.values():
            text.close()
        self._folder.cleanup()


class KeptHistoricalIndexes:
    """Those of the last few moments that were asked for, each for one query at a time. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """New ones are made in temporary folders under `folder`."""
        self._folder = folder
        self._kept: dict[tuple[int, int], HistoricalIndexes] = {}  # by sequence number and version of the catalog
        self._lock = Lock()

    def take(self, seq: int, catalog: Catalog) -> HistoricalIndexes:
        """Those of a moment, for the caller alone until it gives them to `keep`."""
        with self._lock:
            found = self._kept.pop((seq, catalog.version), None)
        return found or HistoricalIndexes(seq, catalog, self._folder)

    def keep(self, past: HistoricalIndexes) -> None:
        """For the next query of its moment; those that were not asked for longest are closed."""
        with self._lock:
            same = self._kept.pop((past.seq, past.catalog.version), None)
            self._kept[past.seq, past.catalog.version] = past
            over = [self._kept.pop(next(iter(self._kept))) for _ in range(len(self._kept) - HISTORICAL_MAX)]
        for each in (*over, *([same] if same else ())):
            each.close()

    def close(self) -> None:
        """Close those that are kept; later ones may be kept again."""
        with self._lock:
            kept, self._kept = self._kept, {}
        for each in kept.values():
            each.close()


class HistoricalSnapshots(Mapping[int, ColumnSnapshot]):
    """The snapshots of one view by collection id, each built on first access."""

    def __init__(self, past: HistoricalIndexes, store: HistoricalView) -> None:
        self._past = past
        self._store = store

    def __getitem__(self, collection_id: int) -> ColumnSnapshot:
        return self._past.snapshot(self._store, self._past.catalog.collections_by_id[collection_id])

    def __iter__(self) -> Iterator[int]:
        return iter(self._past.catalog.collections_by_id)

    def __len__(self) -> int:
        return len(self._past.catalog.collections_by_id)


def _with_defaults_then(store: HistoricalView, collection: Collection) -> Collection:
    """The collection with the defaults that its fields had then: what a record was not given reads as them."""
    then = {f.id: f for f in store.catalog.collections_by_id[collection.id].fields}
    fields = (replace(f, default=then[f.id].default) if f.id in then else f for f in collection.fields)
    return replace(collection, fields=tuple(fields))


def _fields_of_another_type(store: HistoricalView, collection: Collection) -> dict[str, str]:
    """By name, what each of them is refused with. Raises StoreError where there was no such collection."""
    then = store.catalog.collections_by_id.get(collection.id)
    if then is None:
        raise StoreError(
            f"there was no collection {collection.name} at sequence number {store.seq}", "read a later moment"
        )
    known = {field.id for field in then.fields}
    return {
        field.name: f"{collection.name}.{field.name} was {then.fields_by_name[field.name].type} at sequence number "
        f"{store.seq}, and is {field.type} now"
        for field in collection.fields
        if field.id not in known and field.name in then.fields_by_name
    }
