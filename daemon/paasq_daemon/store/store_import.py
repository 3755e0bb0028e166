"""Filling a new data file with records as they are: with their versions, sequence numbers and times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Self, TypeVar

from paasq_daemon.store.counters import StoreCounters, encode_collection_counters, encode_store_counters
from paasq_daemon.store.data_folder import STORE_NAME, make_folder
from paasq_daemon.store.entry_codec import encode
from paasq_daemon.store.integrity_check import Finding, check_integrity
from paasq_daemon.store.journal import JournalEntry
from paasq_daemon.store.layout import (
    CATALOG_NAME,
    RECORD_KEY,
    SEQ_KEY,
    STATE_NAME,
    VECTOR_KEY,
    catalog_meta_key,
    counters_meta_key,
    pack_key,
)
from paasq_daemon.store.lmdb_environment import translating_errors
from paasq_daemon.store.open_data_file import open_data
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.record import Record, encode_record
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_dsl.catalog import Catalog, catalog_to_json

T = TypeVar("T")

_BATCH = 2_000  # entries of one transaction


class ImportTransaction(WriteTransaction):
    """Writes what a store had, without journal entries of its own."""

    def import_record(self, record: Record, *, live: bool, pending: Iterable[int]) -> None:
        """Write a version of a record; those of its vectors that are `pending`, by field id, are still to be made or to come."""
        state = self._touch(record.collection_id)
        name = RECORD_KEY.pack(record.collection_id, record.ordinal)
        self._store(self.tables.bodies, state, name, encode_record(record))
        state.next_ordinal = max(state.next_ordinal, record.ordinal + 1)
        if live:
            self._set_live(state, pack_key(record.collection_id, record.key), record, None, record.time_us)
            state.live_count += 1
        else:
            state.history_bytes += self.tables.bodies.stored_bytes(self.txn, name)
        for field_id in pending:
            self._store_vector(record.collection_id, field_id, record.ordinal, None)

    def import_vector(
        self, collection_id: int, field_id: int, ordinal: int, vector: bytes, *, live: bool = True
    ) -> None:
        """Write a vector, float32 in little endian, also where it was pending."""
        self._store_vector(collection_id, field_id, ordinal, vector)
        if not live:
            name = VECTOR_KEY.pack(collection_id, field_id, ordinal)
            self._touch(collection_id).history_bytes += self.tables.vectors.stored_bytes(self.txn, name)

    def import_pending(self, collection_id: int, field_id: int, ordinal: int) -> None:
        """Say that a vector is still to be made."""
        self._store_vector(collection_id, field_id, ordinal, None)

    def import_next_ordinal(self, collection_id: int, next_ordinal: int) -> None:
        """Say which ordinal the next put gets, where the last versions were trimmed."""
        state = self._touch(collection_id)
        state.next_ordinal = max(state.next_ordinal, next_ordinal)

    def import_catalog(self, catalog: Catalog, *, present: bool) -> None:
        """Write a catalog of its version: the present one, or one of the past."""
        payload = encode(catalog_to_json(catalog))
        self.tables.meta.put(self.txn, catalog_meta_key(catalog.version), payload)
        if present:
            self.tables.meta.put(self.txn, CATALOG_NAME, payload)

    def import_journal_entry(self, entry: JournalEntry) -> None:
        """Write what a transaction changed; the oldest first."""
        self._write_rows(entry)

    def import_tombstone(self, collection_id: int, ordinal: int, seq: int) -> None:
        """Write that a version was forgotten, and at which sequence number."""
        name = RECORD_KEY.pack(collection_id, ordinal)
        self._store(self.tables.forgotten, self._touch(collection_id), name, SEQ_KEY.pack(seq))

    def import_counters(self, counters: StoreCounters, history_starts: Mapping[int, int]) -> None:
        """Write the sequence number, the time, and where the journal begins, by collection too."""
        self.state = replace(counters, catalog_end=self.state.catalog_end)
        for collection_id, start in history_starts.items():
            self._touch(collection_id).journal_start = start

    def write_counters(self) -> None:
        """Write the counters of the store, and of the collections that this transaction changed, once and last."""
        self.tables.meta.put(self.txn, STATE_NAME, encode_store_counters(self.state))
        for collection_id, state in self._touched.items():
            self.tables.meta.put(self.txn, counters_meta_key(collection_id), encode_collection_counters(state))


def batched(items: Iterable[T]) -> Iterator[list[T]]:
    """The items in lists of as many as one transaction takes."""
    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        yield batch


class StoreImport:
    """The data file of a new folder, which nobody else has open. Nothing is synced: the folder need not survive a power cut."""

    def __init__(self, folder: Path) -> None:
        make_folder(folder / STORE_NAME)
        self._environment, self._tables = open_data(folder, sync=False)

    @contextmanager
    def transaction(self) -> Iterator[ImportTransaction]:
        """A transaction for the block. Raises StoreError where the disk is full."""
        with translating_errors(), self._environment.begin(write=True) as txn:
            transaction = ImportTransaction(txn, self._tables, 0)
            yield transaction
            transaction.write_counters()

    @contextmanager
    def read(self) -> Iterator[ReadView]:
        """A view of what was written."""
        with translating_errors(), self._environment.begin() as txn:
            yield ReadView(txn, self._tables)

    def sync(self) -> None:
        """Make what was written durable; the folder's names are the caller's."""
        with translating_errors():
            self._environment.sync(True)

    def check(self) -> list[Finding]:
        """Check the integrity of what was written; empty where it is sound."""
        with translating_errors(), self._environment.begin() as txn:
            return check_integrity(ReadView(txn, self._tables))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._environment.close()
