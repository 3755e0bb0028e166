"""Filling a new data file with records as they are: with their versions, sequence numbers and times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from paasq_daemon.store.counters import StoreCounters, encode_collection_counters, encode_store_counters
from paasq_daemon.store.data_folder import STORE_NAME, make_folder
from paasq_daemon.store.entry_codec import encode
from paasq_daemon.store.integrity_check import Finding, check_integrity
from paasq_daemon.store.journal import JournalEntry, encode_entry
from paasq_daemon.store.layout import (
    CATALOG_NAME,
    KEY_ENTRY,
    RECORD_KEY,
    SEQ_KEY,
    STATE_NAME,
    catalog_meta_key,
    counters_meta_key,
    pack_key,
)
from paasq_daemon.store.lmdb_environment import translating_errors
from paasq_daemon.store.open_data_file import open_data
from paasq_daemon.store.record import Record, encode_record
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_dsl.catalog import Catalog, catalog_to_json


class ImportTransaction(WriteTransaction):
    """Writes what a store had, without journal entries of its own."""

    def import_record(self, record: Record, *, live: bool, pending: Iterable[int]) -> None:
        """Write a version of a record; those of its vectors that are `pending`, by field id, are still to be made or to come."""
        state = self._touch(record.collection_id)
        name = RECORD_KEY.pack(record.collection_id, record.ordinal)
        self._store(self.tables.records, state, name, encode_record(record))
        state.next_ordinal = max(state.next_ordinal, record.ordinal + 1)
        if live:
            entry = KEY_ENTRY.pack(record.ordinal, record.version)
            self._store(self.tables.keys, state, pack_key(record.collection_id, record.key), entry)
            state.live_count += 1
        for field_id in pending:
            self._store_vector(record.collection_id, field_id, record.ordinal, None)

    def import_vector(self, collection_id: int, field_id: int, ordinal: int, vector: bytes) -> None:
        """Write a vector, float32 in little endian, also where it was pending."""
        self._store_vector(collection_id, field_id, ordinal, vector)

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
        """Write what a transaction changed."""
        self.tables.journal.put(self.txn, SEQ_KEY.pack(entry.seq), encode_entry(entry.time_us, list(entry.changes)))

    def import_counters(self, counters: StoreCounters) -> None:
        """Write the sequence number, the time, and where the journal begins."""
        self.tables.meta.put(self.txn, STATE_NAME, encode_store_counters(counters))

    def write_counters(self) -> None:
        """Write the counters of the collections that this transaction changed, once and last."""
        for collection_id, state in self._touched.items():
            self.tables.meta.put(self.txn, counters_meta_key(collection_id), encode_collection_counters(state))


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

    def check(self) -> list[Finding]:
        """Check the integrity of what was written; empty where it is sound."""
        with translating_errors(), self._environment.begin() as txn:
            return check_integrity(ImportTransaction(txn, self._tables, 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._environment.close()
