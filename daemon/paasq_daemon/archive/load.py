"""Making a new store of an archive."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from paasq_daemon.archive.array_lines import read_vectors
from paasq_daemon.archive.history import (
    read_catalogs,
    read_journal,
    read_past_vectors,
    read_receipts,
    read_tombstones,
    read_versions,
)
from paasq_daemon.archive.record_lines import RecordLines
from paasq_daemon.archive.zip_reader import ArchiveReader, damaged, reading_archive
from paasq_daemon.archive.zip_writer import MANIFEST_NAME
from paasq_daemon.store.counters import StoreCounters
from paasq_daemon.store.data_folder import CHECKED_NAME, FORMAT_NAME, STORE_NAME
from paasq_daemon.store.folder_holder import LOCK_NAME
from paasq_daemon.store.forget_receipts import import_receipt, reserve_receipt_numbers
from paasq_daemon.store.new_folder import building_folder
from paasq_daemon.store.store import Store
from paasq_daemon.store.store_import import StoreImport, batched
from paasq_daemon.wire.catalog_codecs import decode_catalog
from paasq_daemon.wire.errors import InvalidValue, StoreError
from paasq_dsl.catalog import Catalog, Collection
from paasq_dsl.types import TypeKind
from paasq_dsl.values import parse_time

T = TypeVar("T")

_OF_AN_EMPTY_STORE = frozenset({CHECKED_NAME, FORMAT_NAME, LOCK_NAME, STORE_NAME, "index"})


def load_archive(path: Path, folder: Path) -> dict[str, Any]:
    """Make `folder`, which is new, empty or an empty store, the store that the archive holds; whole and durable, or not at all.

    Records keep their keys, versions, sequence numbers and times, and with the history of the archive their past. Returns
    counts. Raises StoreError naming the file in the archive that is damaged, or where the folder holds something; FolderInUse,
    FormatTooNew.
    """
    with reading_archive(path) as archive:
        _clear_empty_store(folder)
        with building_folder(folder) as unfinished, StoreImport(unfinished) as store:
            try:
                done = _Loading(archive, store).run()
            except (KeyError, TypeError, ValueError, AttributeError, IndexError, InvalidValue) as error:
                raise damaged(path, MANIFEST_NAME, f"its parts do not fit each other ({error})") from error
            if findings := store.check():
                raise StoreError(f"{path} does not make a sound store: {findings[0]}", "make the dump anew")
    return done


class _Loading:
    def __init__(self, archive: ArchiveReader, store: StoreImport) -> None:
        self._archive = archive
        self._store = store
        self._manifest = archive.manifest

    def run(self) -> dict[str, Any]:
        """Load everything, and read every member to its end, so that all checksums are compared."""
        with self._archive.member("schema.paasq"):
            pass
        catalog = decode_catalog(next(self._values("catalog.json")))
        history = self._manifest["history"]
        if history is not None:
            self._load_history(history)
        for name, listed in self._manifest["collections"].items():
            collection = catalog.collections[name]
            if history is None:
                self._load_records(collection, listed)
            else:
                for _ in self._archive.lines(listed["file"]):
                    pass
            for field, written in listed["vectors"].items():
                self._load_vectors(collection, field, written)
            self._check(collection, listed)
        self._finish(catalog, history)
        return {
            "seq": self._manifest["seq"],
            "history": history is not None,
            "collections": {name: listed["records"] for name, listed in self._manifest["collections"].items()},
        }

    def _load_records(self, collection: Collection, listed: dict[str, Any]) -> None:
        """Under new ordinals, without gaps: nothing else names the old ones."""
        lines, ordinal = RecordLines(collection), 0
        for batch in batched(self._archive.lines(listed["file"])):
            with self._store.transaction() as transaction:
                for line in batch:
                    record = lines.decode(line, ordinal)
                    transaction.import_record(record, live=True, pending=record.vector_fields)
                    ordinal += 1

    def _load_history(self, history: dict[str, Any]) -> None:
        for versions in batched(read_versions(self._archive)):
            with self._store.transaction() as transaction:
                for record, live, vectors in versions:
                    transaction.import_record(record, live=live, pending=vectors)
        for entries in batched(read_journal(self._archive)):
            with self._store.transaction() as transaction:
                for entry in entries:
                    transaction.import_journal_entry(entry)
        for tombstones in batched(read_tombstones(self._archive)):
            with self._store.transaction() as transaction:
                for collection_id, ordinal, seq in tombstones:
                    transaction.import_tombstone(collection_id, ordinal, seq)
        with self._store.transaction() as transaction:
            for exported in read_receipts(self._archive):
                import_receipt(transaction, exported)
            reserve_receipt_numbers(transaction.txn, transaction.tables, int(history.get("receipt", 0)))
        with self._store.transaction() as transaction:
            for past in read_catalogs(self._archive):
                transaction.import_catalog(past, present=False)
            for collection_id, counters in history["collections"].items():
                transaction.import_next_ordinal(int(collection_id), counters["next_ordinal"])
            read_past_vectors(self._archive, transaction)

    def _load_vectors(self, collection: Collection, field: str, written: dict[str, Any]) -> None:
        field_id = collection.fields_by_name[field].id
        for rows in batched(read_vectors(self._archive, written["file"])):
            with self._store.transaction() as transaction:
                for key, vector in rows:
                    ordinal = transaction.ordinal(collection.id, key)
                    if ordinal is None:
                        raise damaged(
                            self._archive.path, written["file"], f"it has a vector of {key!r}, which is no record"
                        )
                    transaction.import_vector(collection.id, field_id, ordinal, vector)

    def _check(self, collection: Collection, listed: dict[str, Any]) -> None:
        with self._store.transaction() as transaction:
            live = transaction.live_count(collection.id)
            pending = [
                field.name
                for field in collection.fields_of_kind(TypeKind.VECTOR)
                if not field.source_fields and transaction.pending_vector_count(collection.id, field.id)
            ]
        if live != listed["records"]:
            raise damaged(self._archive.path, listed["file"], f"it has {live:,} records, not {listed['records']:,}")
        if pending:
            raise damaged(self._archive.path, MANIFEST_NAME, f"vectors of {collection.name}.{pending[0]} are missing")

    def _finish(self, catalog: Catalog, history: dict[str, Any] | None) -> None:
        """Without its history the store begins with the state that was dumped, as one whose journal was trimmed."""
        seq = int(self._manifest["seq"])
        starts: dict[int, int]
        if history is None:
            start = catalog_start = seq + 1
            starts = dict.fromkeys(catalog.collections_by_id, start)
        else:
            start = int(history["journal_start"])
            catalog_start = int(history.get("catalog_start", start))
            kept: dict[str, dict[str, int]] = history["collections"]
            starts = {int(id_): counters.get("journal_start", start) for id_, counters in kept.items()}
        with self._store.transaction() as transaction:
            if catalog.version:
                transaction.import_catalog(catalog, present=True)
            time_us = parse_time(self._manifest["time"])
            transaction.import_counters(StoreCounters(seq, time_us, start, catalog_start), starts)

    def _values(self, name: str) -> Iterator[Any]:
        """The lines of a small member, read to its end first."""
        return iter(list(self._archive.lines(name)))


def _clear_empty_store(folder: Path) -> None:
    """Remove a store in which nothing was ever written, and which nobody has open. Raises StoreError where there is more."""
    if not (folder / STORE_NAME).is_dir():
        return
    store = Store.open(folder)
    store.close()
    if store.seq or {entry.name for entry in folder.iterdir()} - _OF_AN_EMPTY_STORE:
        raise StoreError(f"{folder} is not an empty store", "name a new folder by --data")
    for entry in folder.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
