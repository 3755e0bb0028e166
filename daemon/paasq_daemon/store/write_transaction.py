"""Writing: what a work can do inside its transaction."""

from __future__ import annotations

from collections.abc import Container, Mapping
from contextlib import suppress
from dataclasses import replace

import lmdb

from paasq_daemon.store.counters import (
    CollectionCounters,
    encode_collection_counters,
    encode_store_counters,
    live_key_hash,
)
from paasq_daemon.store.entry_codec import encode, verify_checksum
from paasq_daemon.store.journal import CATALOG, ChangeKind, JournalEntry, RecordChange, decode_row, encode_row, rows_of
from paasq_daemon.store.layout import (
    BODY_BYTES_MAX,
    CATALOG_COLLECTION,
    CATALOG_NAME,
    COLLECTION_KEY,
    JOURNAL_KEY,
    PAGE_BYTES,
    RECORD_KEY,
    SEQ_KEY,
    STATE_NAME,
    VECTOR_KEY,
    catalog_meta_key,
    counters_meta_key,
    pack_key,
)  # fmt: skip
from paasq_daemon.store.live_entry import LiveEntry, encode_live
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.record import Record, decode_record, encode_record
from paasq_daemon.store.tables import Table, Tables
from paasq_daemon.wire.errors import ConflictError, CorruptRecord, InvalidValue
from paasq_dsl.catalog import Catalog, catalog_to_json
from paasq_dsl.values import Value


class WriteTransaction(ReadView):
    """A view that sees its own writes. `seq` is the last transaction before it, `next_seq` the number it will get.

    It is rolled back where the work raises. Only for the writer's thread.
    """

    def __init__(self, txn: lmdb.Transaction[bytes], tables: Tables, now_us: int, rolled_back: int = 0) -> None:
        """`rolled_back` counts the commits that failed so far: what was read in one of them may never have been."""
        super().__init__(txn, tables)
        self.rolled_back = rolled_back
        self.next_seq = self.seq + 1
        self.time_us = max(now_us, self.state.time_us)  # commit times never decrease, even where the clock is set back
        self._changes: list[RecordChange] = []
        self._touched: dict[int, CollectionCounters] = {}
        self._changed_state = False  # of the store's counters, by trimming
        self._payload_bytes = 0
        self._entries = 0

    def put(
        self, collection_id: int, key: str, fields: Mapping[int, Value], vectors: Mapping[int, bytes | None]
    ) -> Record:
        """Insert a record, or replace the live one with this key: a new ordinal, the version incremented.

        `vectors` maps a field's id to float32 bytes, or to None where the vector is still to be made.
        """
        state = self._touch(collection_id)
        before = self._live(collection_id, key)
        previous, version = (None, 0) if before is None else before[:2]
        record = Record(
            collection_id, state.next_ordinal, key, version + 1, self.next_seq, self.time_us, fields, tuple(vectors)
        )
        self._store(self.tables.bodies, state, RECORD_KEY.pack(collection_id, record.ordinal), encode_record(record))
        self._set_live(state, pack_key(collection_id, key), record, before, self.time_us)
        state.next_ordinal += 1
        if previous is None:
            state.live_count += 1
        else:
            self._retire(collection_id, previous)
        for field_id, vector in vectors.items():
            self._store_vector(collection_id, field_id, record.ordinal, vector)
        self._changes.append(RecordChange(ChangeKind.PUT, collection_id, key, record.ordinal, previous))
        return record

    def confirm(self, collection_id: int, key: str) -> None:
        """Note that the live record with this key was put again with the values that it has: no new version, and no change."""
        live = self._live(collection_id, key)
        assert live is not None
        entry = encode_live(live._replace(confirmed_us=self.time_us))
        self._store(self.tables.live, self._touch(collection_id), pack_key(collection_id, key), entry)

    def delete(self, collection_id: int, key: str) -> bool:
        """Delete the live record with this key; False where there is none. Its body stays until the journal is trimmed."""
        ordinal = self.ordinal(collection_id, key)
        if ordinal is None:
            return False
        state, packed = self._touch(collection_id), pack_key(collection_id, key)
        self._erase(self.tables.live, state, packed)
        state.add_live(-live_key_hash(packed, ordinal))
        state.live_count -= 1
        self._retire(collection_id, ordinal)
        self._changes.append(RecordChange(ChangeKind.DELETE, collection_id, key, ordinal, ordinal))
        return True

    def forget(self, collection_id: int, key: str, *, journal: bool = True) -> bool:
        """As `delete`, with a journal entry that does not name the key, or without one."""
        deleted = self.delete(collection_id, key)
        if deleted:
            change = self._changes.pop()
            self._changes += [replace(change, key="")] if journal else []
        return deleted

    def erase_version(self, collection_id: int, ordinal: int) -> None:
        """Remove the body and the vectors of a version that is not live, and leave a tombstone: no copy may bring it back."""
        self.purge_record(collection_id, ordinal)
        name, seq = RECORD_KEY.pack(collection_id, ordinal), SEQ_KEY.pack(self.next_seq)
        self._store(self.tables.forgotten, self._touch(collection_id), name, seq)

    def blank_journal_row(self, collection_id: int, seq: int, ordinals: Container[int]) -> None:
        """Take the keys of these versions out of what a transaction changed in a collection, where the journal still has it."""
        name = JOURNAL_KEY.pack(seq, collection_id)
        payload = self.tables.journal.get(self.txn, name)
        if payload is None:
            return
        row = decode_row(name, payload)
        changes = tuple(replace(change, key="") if change.ordinal in ordinals else change for change in row.changes)
        self.tables.journal.put(self.txn, name, encode_row(replace(row, changes=changes)))

    def put_vector(self, collection_id: int, field_id: int, ordinal: int, vector: bytes) -> bool:
        """Fill a pending vector. False, and nothing written, where it is not pending: its record was replaced."""
        if self.tables.pending.get(self.txn, VECTOR_KEY.pack(collection_id, field_id, ordinal)) is None:
            return False
        self._change_vector(collection_id, field_id, ordinal, vector)
        return True

    def mark_vector_pending(self, collection_id: int, field_id: int, ordinal: int) -> None:
        """Drop a live record's vector, if it has one, and mark it pending: for a new field, or a new model."""
        self._change_vector(collection_id, field_id, ordinal, None)

    def set_catalog(self, catalog: Catalog) -> None:
        """Replace the catalog; the old one stays in its history.

        Raises ConflictError where the version is not above the present one: another change came first.
        """
        present = self.catalog.version
        if catalog.version <= present:
            raise ConflictError(
                f"the catalog is at version {present}, and version {catalog.version} follows an older one",
                "read the catalog again and repeat the change",
            )
        payload = encode(catalog_to_json(catalog))
        self.tables.meta.put(self.txn, CATALOG_NAME, payload)
        self.tables.meta.put(self.txn, catalog_meta_key(catalog.version), payload)
        self._changes.append(RecordChange(ChangeKind.CATALOG, CATALOG, "", -1))

    @property
    def changes(self) -> tuple[RecordChange, ...]:
        """What was changed so far, in order."""
        return tuple(self._changes)

    @property
    def only_deletes(self) -> bool:
        """Whether it puts no record and no vector, so that it makes room in the end."""
        return all(change.kind is ChangeKind.DELETE for change in self._changes)

    @property
    def bytes_needed_max(self) -> int:
        """By how much it may make the data file longer: its payloads, and a page for each entry that it touches."""
        return self._payload_bytes + self._entries * PAGE_BYTES

    def collection_counters(self, collection_id: int) -> CollectionCounters:
        """The counters of a collection, with the changes of this transaction."""
        touched = self._touched.get(collection_id)
        return super().collection_counters(collection_id) if touched is None else touched

    def purge_record(self, collection_id: int, ordinal: int) -> tuple[int, int]:
        """Remove the body and the vectors of a version that is not live; the count of each. It makes no journal entry."""
        state = self._touch(collection_id)
        state.history_bytes -= self._version_bytes(state, collection_id, ordinal)
        body = self._erase(self.tables.bodies, state, RECORD_KEY.pack(collection_id, ordinal))
        vectors = 0
        for field_id in state.vectors:
            if self._erase(self.tables.vectors, state, VECTOR_KEY.pack(collection_id, field_id, ordinal)):
                state.vectors[field_id] -= 1
                vectors += 1
        return int(body), vectors

    def purge_journal_row(self, collection_id: int, seq: int) -> None:
        """Remove what a transaction changed in a collection from the journal. For trimming, the oldest first."""
        self.tables.journal.delete(self.txn, JOURNAL_KEY.pack(seq, collection_id))

    def start_history(self, collection_id: int, seq: int) -> None:
        """Say from which sequence number the journal holds all changes of a collection: those before it were removed."""
        self._touch(collection_id).journal_start = seq
        if seq > self.state.journal_start:
            self.state = replace(self.state, journal_start=seq)
            self._changed_state = True

    def write_journal(self) -> bool:
        """Write counters and journal entry. Only the writer calls it, once. False where nothing was changed."""
        if not (self._changes or self._touched or self._changed_state):
            return False
        if self._changes:
            self._write_rows(JournalEntry(self.next_seq, self.time_us, tuple(self._changes)))
            self.state = replace(self.state, seq=self.next_seq, time_us=self.time_us)
        for collection_id, state in self._touched.items():
            self.tables.meta.put(self.txn, counters_meta_key(collection_id), encode_collection_counters(state))
        self.tables.meta.put(self.txn, STATE_NAME, encode_store_counters(self.state))
        return True

    def _write_rows(self, entry: JournalEntry) -> None:
        """Write a transaction's rows of the journal, and that they are the last of their collections."""
        ids = {change.collection for change in entry.changes} - {CATALOG}
        ends = {id_: self._touch(id_).journal_end for id_ in ids} | {CATALOG: self.state.catalog_end}
        for stored, row in rows_of(entry, ends).items():
            self.tables.journal.put(self.txn, JOURNAL_KEY.pack(entry.seq, stored), encode_row(row))
            if stored == CATALOG_COLLECTION:
                self.state = replace(self.state, catalog_end=entry.seq)
            else:
                self._touch(stored).journal_end = entry.seq

    def _change_vector(self, collection_id: int, field_id: int, ordinal: int, vector: bytes | None) -> None:
        record = self.record(collection_id, ordinal)
        self._store_vector(collection_id, field_id, ordinal, vector)
        self._changes.append(RecordChange(ChangeKind.VECTOR, collection_id, record.key, ordinal, field=field_id))

    def _store_vector(self, collection_id: int, field_id: int, ordinal: int, vector: bytes | None) -> None:
        state = self._touch(collection_id)
        if vector is not None and (len(vector) % 4 or not 4 <= len(vector) <= BODY_BYTES_MAX):
            raise InvalidValue(
                f"a vector of {len(vector)} bytes is not a row of float32 numbers", "give 4 bytes a number"
            )
        here, there = (
            (self.tables.pending, self.tables.vectors) if vector is None else (self.tables.vectors, self.tables.pending)
        )
        counts_here, counts_there = (state.pending, state.vectors) if vector is None else (state.vectors, state.pending)
        name = VECTOR_KEY.pack(collection_id, field_id, ordinal)
        if self._erase(there, state, name):
            counts_there[field_id] -= 1
        if not self._erase(here, state, name):
            counts_here[field_id] = counts_here.get(field_id, 0) + 1
        self._store(here, state, name, vector or b"")

    def _retire(self, collection_id: int, ordinal: int) -> None:
        """Count a version that was live as history; vectors that it waits for are not made any more."""
        state = self._touch(collection_id)
        state.history_bytes += self._version_bytes(state, collection_id, ordinal)
        for field_id in state.pending:
            if self._erase(self.tables.pending, state, VECTOR_KEY.pack(collection_id, field_id, ordinal)):
                state.pending[field_id] -= 1

    def _version_bytes(self, state: CollectionCounters, collection_id: int, ordinal: int) -> int:
        """Of the body and the vectors of a version, as they are stored."""
        names = [VECTOR_KEY.pack(collection_id, field_id, ordinal) for field_id in state.vectors]
        vectors = sum(self.tables.vectors.stored_bytes(self.txn, name) for name in names)
        return self.tables.bodies.stored_bytes(self.txn, RECORD_KEY.pack(collection_id, ordinal)) + vectors

    def _set_live(
        self, state: CollectionCounters, packed: bytes, record: Record, before: LiveEntry | None, confirmed_us: int
    ) -> None:
        entry = LiveEntry(record.ordinal, record.version, confirmed_us)
        self._store(self.tables.live, state, packed, encode_live(entry))
        state.add_live(live_key_hash(packed, record.ordinal))
        if before is not None:
            state.add_live(-live_key_hash(packed, before.ordinal))

    def _live(self, collection_id: int, key: str) -> LiveEntry | None:
        """Where the key's entry is damaged, its record is the last one that was written under it."""
        try:
            return super()._live(collection_id, key)
        except CorruptRecord:
            last = None
            for name, envelope in self.tables.bodies.scan_raw(self.txn, COLLECTION_KEY.pack(collection_id)):
                with suppress(CorruptRecord):
                    body = verify_checksum(self.tables.bodies.seed, name, envelope)
                    record = decode_record(collection_id, RECORD_KEY.unpack(name)[1], body)
                    last = LiveEntry(record.ordinal, record.version, record.time_us) if record.key == key else last
            if last is None:
                raise
            return last

    def _touch(self, collection_id: int) -> CollectionCounters:
        if collection_id not in self._touched:
            self._touched[collection_id] = super().collection_counters(collection_id)
        return self._touched[collection_id]

    def _store(self, table: Table, state: CollectionCounters, key: bytes, payload: bytes) -> None:
        self._payload_bytes += len(payload)
        self._entries += 1
        state.add_content(table.put(self.txn, key, payload))

    def _erase(self, table: Table, state: CollectionCounters, key: bytes) -> bool:
        self._entries += 1
        change = table.delete(self.txn, key)
        if change is not None:
            state.add_content(change)
        return change is not None
