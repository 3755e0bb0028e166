"""Reading: what one read transaction sees, which is the store at one sequence number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from operator import attrgetter

import lmdb

from paasq_daemon.store.counters import (
    CollectionCounters,
    StoreCounters,
    decode_collection_counters,
    decode_store_counters,
)
from paasq_daemon.store.entry_codec import decode, unknown_shape, verify_checksum
from paasq_daemon.store.journal import CATALOG, JournalEntry, JournalRow, decode_row
from paasq_daemon.store.layout import (
    CATALOG_NAME,
    COLLECTION_KEY,
    RECORD_KEY,
    SEQ_KEY,
    STATE_NAME,
    STORE_FORMAT_VERSION,
    VECTOR_KEY,
    catalog_meta_key,
    counters_meta_key,
    pack_key,
)  # fmt: skip
from paasq_daemon.store.live_entry import LiveEntry, decode_live
from paasq_daemon.store.record import Record, decode_record, vector_numbers
from paasq_daemon.store.tables import Tables
from paasq_daemon.wire.errors import CorruptRecord, StoreError
from paasq_dsl.catalog import Catalog, Collection, catalog_from_json
from paasq_dsl.types import TypeKind
from paasq_dsl.values import Value

_CHECK_HINT = "close the store, and run `paasq doctor --repair`"
_RECORD_HINT = "put it anew, or delete it; the others are not affected"


class ReadView:
    """The store at one moment. Use it in one thread at a time, and only until its `with` block ends.

    Any read may raise CorruptRecord; nothing that fails its checksum is ever returned. `lost` are collections, by id, of which
    it is known that live records can't be found.
    """

    store_format = STORE_FORMAT_VERSION

    def __init__(self, txn: lmdb.Transaction[bytes], tables: Tables, lost: frozenset[int] = frozenset()) -> None:
        self.txn = txn
        self.tables = tables
        self.lost = lost
        state = tables.meta.get(txn, STATE_NAME)
        if state is None:
            raise CorruptRecord("the store's counters are gone", _CHECK_HINT)
        self.state: StoreCounters = decode_store_counters(state)

    @property
    def seq(self) -> int:
        """The sequence number of the last transaction that this view sees."""
        return self.state.seq

    @property
    def transaction_id(self) -> int:
        """LMDB's own number of the transaction that this view sees."""
        return self.txn.id()

    @property
    def journal_start(self) -> int:
        """The oldest sequence number from which the journal holds all changes of all collections; `seq + 1` where it holds
        none."""
        return self.state.journal_start

    def history_start(self, collection_id: int) -> int:
        """The oldest sequence number from which the journal holds all changes of a collection, or of the catalog (`CATALOG`)."""
        if collection_id == CATALOG:
            return self.state.catalog_start
        return self.collection_counters(collection_id).journal_start

    @property
    def catalog(self) -> Catalog:
        """The catalog that this view sees; an empty one where nothing was declared yet. Raises CorruptRecord."""
        payload = self.tables.meta.get(self.txn, CATALOG_NAME)
        return Catalog() if payload is None else _decode_catalog(payload)

    def past_catalog(self, version: int) -> Catalog | None:
        """The catalog as it was at a version, the present one included; None where there was none of that version."""
        payload = self.tables.meta.get(self.txn, catalog_meta_key(version))
        return None if payload is None else _decode_catalog(payload)

    def require_kept(self, collection_id: int) -> None:
        """Raises StoreError where a collection cannot be read at this view's moment, since its history was trimmed."""

    def record(self, collection_id: int, ordinal: int) -> Record:
        """A record, live or deleted. Raises CorruptRecord where it is damaged, missing, or was trimmed."""
        try:
            body = self.tables.bodies.get(self.txn, RECORD_KEY.pack(collection_id, ordinal))
            if body is not None:
                return decode_record(collection_id, ordinal, body)
        except CorruptRecord as error:
            hint = f"{error.hint}; or {_RECORD_HINT}"
            raise CorruptRecord(error.message, hint, (collection_id, ordinal)) from error
        raise CorruptRecord(
            f"record {ordinal} of collection {collection_id} is not in the store",
            f"where its history was not trimmed, it is lost: {_RECORD_HINT}",
            (collection_id, ordinal),
        )

    def records(self, collection_id: int, ordinals: Iterable[int]) -> Iterator[Record]:
        """The records of these ordinals, in the order given."""
        return (self.record(collection_id, ordinal) for ordinal in ordinals)

    def ordinal(self, collection_id: int, key: str) -> int | None:
        """The ordinal of the live record with this key; None where there is none."""
        live = self._live(collection_id, key)
        return None if live is None else live.ordinal

    def version(self, collection_id: int, key: str) -> int:
        """The version of the live record with this key; 0 where there is none. Its body is not read."""
        live = self._live(collection_id, key)
        return 0 if live is None else live.version

    def confirmed_us(self, collection_id: int, key: str) -> int | None:
        """When the live record with this key was last put, with other values or the same; None where there is none."""
        live = self._live(collection_id, key)
        return None if live is None else live.confirmed_us

    def ordinals(self, collection_id: int, keys: Iterable[str]) -> list[int]:
        """The ordinals of the live records with these keys, in the order given; -1 where there is none."""
        found = (self.ordinal(collection_id, key) for key in keys)
        return [-1 if ordinal is None else ordinal for ordinal in found]

    def get(self, collection_id: int, key: str) -> Record | None:
        """The live record with this key; None where there is none."""
        ordinal = self.ordinal(collection_id, key)
        try:
            return None if ordinal is None else self.record(collection_id, ordinal)
        except CorruptRecord as error:
            raise CorruptRecord(f"the record {key!r} is damaged: {error.message}", error.hint, error.place) from error

    def get_readable(self, collection_id: int, key: str) -> Record | None:
        """As `get`; None also where the record is damaged: for what replaces it."""
        try:
            return self.get(collection_id, key)
        except CorruptRecord:
            return None

    def confirmations(self, collection_id: int) -> Iterator[tuple[int, int]]:
        """Of each live record its ordinal, and when it was last put, as `confirmed_us`; those of damaged entries are left out."""
        for key, envelope in self.tables.live.scan_raw(self.txn, COLLECTION_KEY.pack(collection_id)):
            payload = self.tables.live.sound_payload(key, envelope)
            if payload is not None:
                live = decode_live(payload)
                yield live.ordinal, live.confirmed_us

    def keys(self, collection_id: int) -> Iterator[str]:
        """The keys of the live records, in the order of their bytes; in a write transaction, of those it began with or
        put. Those of damaged records are among them."""
        prefix = COLLECTION_KEY.pack(collection_id)
        for key, _ in self.tables.live.scan_raw(self.txn, prefix):
            yield key[len(prefix) :].decode("utf-8", "replace")

    def scan_readable(self, collection_id: int) -> Iterator[Record]:
        """As `scan`, without the records that are damaged or lost."""
        prefix = COLLECTION_KEY.pack(collection_id)
        for key, envelope in self.tables.bodies.scan_raw(self.txn, prefix):
            try:
                body = verify_checksum(self.tables.bodies.seed, key, envelope)
                record = decode_record(collection_id, RECORD_KEY.unpack(key)[1], body)
                live = self.ordinal(collection_id, record.key) == record.ordinal
            except CorruptRecord:
                continue
            if live:
                yield record

    def scan(self, collection_id: int) -> Iterator[Record]:
        """The live records in the order of ordinals. Raises CorruptRecord at the end where some are missing.

        In a write transaction, finish the scan before writing to the collection.
        """
        seen = 0
        for key, body in self.tables.bodies.scan(self.txn, COLLECTION_KEY.pack(collection_id)):
            record = decode_record(collection_id, RECORD_KEY.unpack(key)[1], body)
            if self.ordinal(collection_id, record.key) == record.ordinal:
                seen += 1
                yield record
        expected = self.live_count(collection_id)
        if seen != expected:
            raise CorruptRecord(f"collection {collection_id} has {expected} records and {seen} were found", _CHECK_HINT)

    def next_ordinal(self, collection_id: int) -> int:
        """The ordinal that the next put will get: all present ones are below."""
        return self.collection_counters(collection_id).next_ordinal

    def live_count(self, collection_id: int) -> int:
        """How many records of the collection are live, from its counters."""
        return self.collection_counters(collection_id).live_count

    def journal(self, after: int) -> Iterator[JournalEntry]:
        """The entries with a sequence number above `after`, in order, none left out.

        Raises StoreError where some were trimmed (`after + 1 < journal_start`), CorruptRecord where one is lost.
        """
        expected = after + 1
        if expected < self.journal_start:
            raise StoreError(
                f"the journal begins at {self.journal_start}, and entries from {expected} are asked for",
                "what follows the journal must begin anew from the records",
            )
        for seq, rows in groupby(self._journal_rows(after), attrgetter("seq")):
            found = list(rows)
            if seq != expected or len(found) != found[0].rows:
                break
            yield _entry(found)
            expected += 1
        if expected <= self.seq:
            raise CorruptRecord(f"entry {expected} of the journal is lost", _CHECK_HINT)

    def kept_journal(self, after: int = 0) -> Iterator[JournalEntry]:
        """Of the entries with a sequence number above `after`, in order, what was not trimmed. Raises CorruptRecord."""
        return (_entry(list(rows)) for _, rows in groupby(self._journal_rows(after), attrgetter("seq")))

    def _journal_rows(self, after: int) -> Iterator[JournalRow]:
        for key, payload in self.tables.journal.scan(self.txn, start=SEQ_KEY.pack(after + 1)):
            yield decode_row(key, payload)

    def commit_time_us(self, seq: int) -> int | None:
        """When a transaction was made, in microseconds since 1970, UTC; None where the journal holds nothing of it."""
        for key, payload in self.tables.journal.scan(self.txn, SEQ_KEY.pack(seq)) if 0 < seq <= self.seq else ():
            return decode_row(key, payload).time_us
        return None

    def vectors(self, collection_id: int, field_id: int, ordinals: Iterable[int]) -> Iterator[bytes | None]:
        """The vectors of these ordinals in the order given, as little-endian float32; None where there is none."""
        return (self._vector(collection_id, field_id, ordinal) for ordinal in ordinals)

    def given_vectors(self, collection: Collection, record: Record) -> dict[str, Value]:
        """The vectors of a record by field name, as they were given; those that are made of text are left out."""
        return {
            field.name: vector_numbers(self._vector(collection.id, field.id, record.ordinal))
            for field in collection.fields_of_kind(TypeKind.VECTOR)
            if not field.source_fields
        }

    def pending_vectors(self, collection_id: int, field_id: int, limit: int) -> list[int]:
        """The ordinals whose vector is still to be made, ascending, `limit` at most."""
        prefix = VECTOR_KEY.pack(collection_id, field_id, 0)[:8]
        found = self.tables.pending.scan(self.txn, prefix)
        return [VECTOR_KEY.unpack(key)[2] for _, (key, _) in zip(range(limit), found, strict=False)]

    def pending_vector_count(self, collection_id: int, field_id: int) -> int:
        """How many vectors of a field are still to be made, from the collection's counters."""
        return self.collection_counters(collection_id).pending.get(field_id, 0)

    def collection_counters(self, collection_id: int) -> CollectionCounters:
        """The counters of a collection; all zero where it has never had a record."""
        payload = self.tables.meta.get(self.txn, counters_meta_key(collection_id))
        return CollectionCounters() if payload is None else decode_collection_counters(payload)

    def all_collection_counters(self) -> dict[int, CollectionCounters]:
        """The counters of all collections that ever had a record, by collection id."""
        prefix = counters_meta_key(0)[: -COLLECTION_KEY.size]
        found = self.tables.meta.scan(self.txn, prefix)
        return {
            COLLECTION_KEY.unpack(key[len(prefix) :])[0]: decode_collection_counters(payload) for key, payload in found
        }

    def _vector(self, collection_id: int, field_id: int, ordinal: int) -> bytes | None:
        name = VECTOR_KEY.pack(collection_id, field_id, ordinal)
        vector = self.tables.vectors.get(self.txn, name)
        if vector is None and self.tables.pending.get(self.txn, name) is None:
            body = self.tables.bodies.get(self.txn, RECORD_KEY.pack(collection_id, ordinal))
            record = body and decode_record(collection_id, ordinal, body)
            if record and field_id in record.vector_fields and self.ordinal(collection_id, record.key) == ordinal:
                raise CorruptRecord(
                    f"vector {field_id} of the record {record.key!r} is lost", _RECORD_HINT, (collection_id, ordinal)
                )
        return vector

    def _live(self, collection_id: int, key: str) -> LiveEntry | None:
        """What leads to the live record with this key."""
        payload = self.tables.live.get(self.txn, pack_key(collection_id, key))
        return None if payload is None else decode_live(payload)


def _entry(rows: list[JournalRow]) -> JournalEntry:
    return JournalEntry(rows[0].seq, rows[0].time_us, tuple(change for row in rows for change in row.changes))


@lru_cache(maxsize=16)
def _decode_catalog(payload: bytes) -> Catalog:
    try:
        return catalog_from_json(decode(payload))
    except (TypeError, ValueError, KeyError):
        raise unknown_shape("the catalog") from None
