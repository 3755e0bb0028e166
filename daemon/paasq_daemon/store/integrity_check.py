"""Integrity check: every checksum, every reference between tables, every counter."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import lmdb

from paasq_daemon.store.counters import CollectionCounters, live_key_hash
from paasq_daemon.store.entry_codec import ENVELOPE_BYTES, stored_checksum, verify_checksum
from paasq_daemon.store.journal import JournalRow, decode_row
from paasq_daemon.store.journal_chain import journal_spans, missing_rows
from paasq_daemon.store.layout import COLLECTION_KEY, JOURNAL_KEY, RECORD_KEY, SEQ_KEY, SUMMED_TABLES, VECTOR_KEY
from paasq_daemon.store.live_entry import decode_live
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.record import Record, decode_record
from paasq_daemon.store.tables import Table
from paasq_daemon.wire.errors import StoreError

_FINDINGS_MAX = 1_000  # more would add nothing


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation: where, and what; `part` is the table, or `counters`."""

    place: str
    problem: str
    part: str = "counters"

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


def check_integrity(view: ReadView) -> list[Finding]:
    """Read everything that the view sees. At most 1,000 findings; none where the store is sound."""
    audit = _Audit(view)
    audit.walk(view.tables.meta, lambda _key, _payload: None)
    audit.walk(view.tables.bodies, audit.examine_record)
    audit.walk(view.tables.live, audit.examine_key)
    audit.walk(view.tables.vectors, audit.examine_vector)
    audit.walk(view.tables.pending, audit.examine_pending)
    audit.walk(view.tables.journal, audit.examine_row)
    audit.walk(view.tables.forgotten, audit.examine_forgotten)
    audit.compare()
    return audit.findings[:_FINDINGS_MAX]


@dataclass
class _Audit:
    view: ReadView
    findings: list[Finding] = field(default_factory=list)
    counted: dict[int, CollectionCounters] = field(default_factory=dict)
    rows: list[JournalRow] = field(default_factory=list)  # without the changes, of which one names the collection
    part: str = "counters"

    def walk(self, table: Table, examine: Callable[[bytes, bytes], None]) -> None:
        """Verify each entry of a table, add it to its collection's content sum, then call `examine`."""
        self.part = "counters" if table.name == "meta" else table.name
        summed = table.name in SUMMED_TABLES
        try:
            for key, envelope in table.scan_raw(self.view.txn):
                if len(self.findings) >= _FINDINGS_MAX:
                    return
                try:
                    payload = verify_checksum(table.seed, key, envelope)
                    if summed:
                        self._count(key).add_content(stored_checksum(envelope))
                    examine(key, payload)
                except StoreError as error:
                    self._find(self._name(table, key), error.message)
        except lmdb.Error as error:
            self._find(table.name, f"the table cannot be read to its end ({error})")

    def examine_record(self, key: bytes, payload: bytes) -> None:
        record = decode_record(COLLECTION_KEY.unpack_from(key)[0], RECORD_KEY.unpack(key)[1], payload)
        if record.seq > self.view.seq:
            self._find(_place(record), f"it is of sequence number {record.seq}, and the store is at {self.view.seq}")
        counted = self._count(key)
        counted.next_ordinal = max(counted.next_ordinal, record.ordinal + 1)
        if self.view.ordinal(record.collection_id, record.key) != record.ordinal:
            counted.history_bytes += len(key) + ENVELOPE_BYTES + len(payload)

    def examine_key(self, key: bytes, payload: bytes) -> None:
        ordinal, version, _ = decode_live(payload)
        counted = self._count(key)
        counted.live_count += 1
        counted.add_live(live_key_hash(key, ordinal))
        record = self.view.record(COLLECTION_KEY.unpack_from(key)[0], ordinal)  # raises where it is lost
        if (record.key.encode(), record.version) != (key[COLLECTION_KEY.size :], version):
            self._find(f"live {key.hex()}", f"it leads to {_place(record)}, version {record.version}")

    def examine_vector(self, key: bytes, payload: bytes) -> None:
        collection_id, field_id, ordinal = VECTOR_KEY.unpack(key)
        counted = self._count(key)
        self._bump(counted.vectors, field_id)
        record = self.view.record(collection_id, ordinal)
        if self.view.ordinal(collection_id, record.key) != ordinal:
            counted.history_bytes += len(key) + ENVELOPE_BYTES + len(payload)

    def examine_pending(self, key: bytes, _payload: bytes) -> None:
        collection_id, field_id, ordinal = VECTOR_KEY.unpack(key)
        self._bump(self._count(key).pending, field_id)
        record = self.view.record(collection_id, ordinal)
        if self.view.ordinal(collection_id, record.key) != ordinal:
            self._find(_place(record), f"its vector {field_id} is to be made, and the record is dead")
        if self.view.tables.vectors.get(self.view.txn, key) is not None:
            self._find(_place(record), f"its vector {field_id} is to be made, and is there")

    def examine_row(self, key: bytes, payload: bytes) -> None:
        row = decode_row(key, payload)
        self.rows.append(replace(row, changes=row.changes[:1]))

    def examine_forgotten(self, key: bytes, payload: bytes) -> None:
        if SEQ_KEY.unpack(payload)[0] > self.view.seq + 1:
            self._find(f"forgotten {key.hex()}", "it was forgotten later than the store is at")
        if self.view.tables.bodies.get(self.view.txn, key) is not None:
            self._find(f"forgotten {key.hex()}", "its body is still there")

    def compare(self) -> None:
        """Compare what was counted with the store's own counters."""
        self.part = "journal"
        try:
            for key in missing_rows(self.rows, journal_spans(self.view)):
                self._find("journal", f"entry {JOURNAL_KEY.unpack(key)[0]} is lost")
        except (StoreError, lmdb.Error):
            pass  # the counters, which are said below
        if max((row.seq for row in self.rows), default=0) > self.view.seq:
            self._find("journal", f"it ends at {self.rows[-1].seq}, and the store is at {self.view.seq}")
        self.part = "counters"
        try:
            stated = self.view.all_collection_counters()
        except (StoreError, lmdb.Error) as error:
            self._find("meta", f"the counters cannot be read ({error})")
            return
        for collection_id in sorted(stated.keys() | self.counted.keys()):
            state = stated.get(collection_id, CollectionCounters())
            counted = self.counted.get(collection_id, CollectionCounters())
            for name in ("live_count", "content_checksum", "live_keys", "history_bytes"):
                if getattr(state, name) != getattr(counted, name):
                    self._find(
                        f"collection {collection_id}",
                        f"{name} should be {getattr(state, name)} and is {getattr(counted, name)}",
                    )
            for name in ("vectors", "pending"):
                if _without_zeros(getattr(state, name)) != getattr(counted, name):
                    self._find(f"collection {collection_id}", f"the count of {name} does not hold")
            if counted.next_ordinal > state.next_ordinal:
                self._find(f"collection {collection_id}", f"ordinal {counted.next_ordinal - 1} was never given")

    def _name(self, table: Table, key: bytes) -> str:
        """`keys note:a`, as people name the record where its collection is known; else the bytes of the entry's key."""
        with suppress(StoreError):
            collection = self.view.catalog.collections_by_id.get(int.from_bytes(key[: COLLECTION_KEY.size]))
            if collection is not None and table.name == "live":
                return f"{table.name} {collection.name}:{key[COLLECTION_KEY.size :].decode('utf-8', 'replace')}"
            if collection is not None and table.name in ("bodies", "vectors", "pending"):
                return f"{table.name} {key.hex()} of {collection.name}"
        return f"{table.name} {key.hex()}"

    def _count(self, key: bytes) -> CollectionCounters:
        return self.counted.setdefault(COLLECTION_KEY.unpack_from(key)[0], CollectionCounters())

    @staticmethod
    def _bump(counts: dict[int, int], field_id: int) -> None:
        counts[field_id] = counts.get(field_id, 0) + 1

    def _find(self, place: str, problem: str) -> None:
        self.findings.append(Finding(place, problem, self.part))


def _place(record: Record) -> str:
    return f"record {record.key!r} (collection {record.collection_id}, ordinal {record.ordinal})"


def _without_zeros(counts: dict[int, int]) -> dict[int, int]:
    return {field_id: count for field_id, count in counts.items() if count}
