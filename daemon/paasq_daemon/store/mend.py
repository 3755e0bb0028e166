"""Mending a data file that was put together from the whole entries of a damaged one.

An entry of `bodies`, `vectors` and `journal` never changes once it is written, so one of a snapshot with the same key is the
one that was lost. What leads to them is worked out: a key's live record is the one of its last change in the journal; what the
journal does not reach is live, since trimming removes what is not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import lmdb

from paasq_daemon.store.counters import (
    CollectionCounters,
    StoreCounters,
    encode_collection_counters,
    encode_store_counters,
)
from paasq_daemon.store.entry_codec import encode
from paasq_daemon.store.journal import CATALOG, ChangeKind, JournalRow, decode_row
from paasq_daemon.store.journal_chain import JournalSpan, missing_rows
from paasq_daemon.store.layout import (
    CATALOG_COLLECTION,
    CATALOG_NAME,
    COLLECTION_KEY,
    FORMAT_STAMP_NAME,
    JOURNAL_KEY,
    RECORD_KEY,
    SEQ_KEY,
    STATE_NAME,
    STORE_FORMAT_VERSION,
    VECTOR_KEY,
    catalog_meta_key,
    counters_meta_key,
    pack_key,
)  # fmt: skip
from paasq_daemon.store.live_entry import LiveEntry, decode_live, encode_live
from paasq_daemon.store.mend_forgotten import describe_forgotten, remove_forgotten, reserve_numbers
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.record import Record, decode_record
from paasq_daemon.store.recount import count_entries
from paasq_daemon.store.tables import Tables
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import CorruptRecord
from paasq_dsl.catalog import Collection, catalog_to_json

Donor = tuple[str, ReadView]  # a snapshot's name, and what it holds
Wanted = dict[tuple[str, bytes], str]  # table and key of an entry, and what it is in words
_Name = tuple[int, str]  # collection and key of a record


@dataclass
class Mended:
    """In words, by key where a record is meant: what is as it was, what is older than it was, and what stays lost."""

    mended: list[str] = field(default_factory=list)
    older: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


class Mender:
    """Works in one write transaction of the new file. Call `restore_entries` for each donor, the newest first, while it asks
    for entries; then `finish`, which sets the counters."""

    def __init__(
        self, txn: lmdb.Transaction[bytes], tables: Tables, damaged: Iterable[tuple[str | None, bytes]]
    ) -> None:
        self.done = Mended()
        damaged = list(damaged)
        self._txn = txn
        self._tables = tables
        self._by_name = {table.name: table for table in tables.all()}
        known = ((name, key) for name, key in damaged if name in ("bodies", "vectors"))
        forgotten = {key for key, _ in tables.forgotten.scan_raw(txn)}
        self._damaged = [(name, key) for name, key in known if key[:4] + key[-8:] not in forgotten]
        self._history_starts: dict[int, int] = {}  # by collection, where rows of the journal stay lost
        self._mend_state()
        self._mend_catalog()
        self._collections = self._view().catalog.collections_by_id
        self._damaged_forgets = describe_forgotten(damaged, partial(self._word, {}))
        remove_forgotten(txn, tables)

    @property
    def seq(self) -> int:
        """The sequence number of the mended store."""
        return self._view().seq

    def wanted(self) -> Wanted:
        """The entries that are lacking, which only another copy of the store has."""
        found = {("journal", key): f"entry {JOURNAL_KEY.unpack(key)[0]} of the journal" for key in self._missing_rows()}
        live = self._live_ordinals()
        names = {(id_, ordinal): name for (id_, name), (ordinal, _) in live.items()}
        for (id_, _name), (ordinal, _) in live.items():
            key = RECORD_KEY.pack(id_, ordinal)
            if self._tables.bodies.find_sound(self._txn, key) is None:
                found["bodies", key] = self._word(names, id_, ordinal)
            else:
                found |= {("vectors", k): f"vector {w}" for k, w in self._vectors_lacking(names, id_, ordinal).items()}
        for table, key in self._damaged:
            if self._by_name[table].find_sound(self._txn, key) is None and (table, key) not in found:
                if table == "bodies" and len(key) == RECORD_KEY.size:
                    found[table, key] = self._word(names, *RECORD_KEY.unpack(key))
                elif len(key) == VECTOR_KEY.size:
                    id_, _field, ordinal = VECTOR_KEY.unpack(key)
                    found[table, key] = f"vector of {self._word(names, id_, ordinal)}"
        return found | self._lacking_forgets()

    def restore_entries(self, donor: Donor, wanted: Wanted) -> None:
        """Take those that the donor has whole."""
        name, view = donor
        donated = {table.name: table for table in view.tables.all()}
        for (table, key), word in wanted.items():
            envelope = donated[table].find_sound(view.txn, key)
            if envelope is not None:
                self._by_name[table].put_raw(self._txn, key, envelope)
                self.done.mended.append(f"{word}: from snapshot {name!r}")

    def finish(self, donors: Iterable[Donor], now_us: int) -> None:
        """Work out what leads to the records, mark vectors that can be made again, and count. Live records of which nobody
        has the present version get the newest older one, as a new version. A donor is asked for only where one is lacking."""
        remove_forgotten(self._txn, self._tables)
        self.done.lost += self._lacking_forgets().values()
        self.done.lost += reserve_numbers(self._txn, self._tables, self._damaged_forgets)
        self._cut_journal()
        lacking = self._mend_keys()
        self._mend_vectors()
        self._count()
        if lacking:
            self._put_older(lacking, donors, now_us)

    def _view(self) -> ReadView:
        return ReadView(self._txn, self._tables)

    def _lacking_forgets(self) -> Wanted:
        """Receipts and tombstones that are damaged, and that no copy had so far."""
        found = self._damaged_forgets.items()
        return {(t, key): word for (t, key), word in found if self._by_name[t].find_sound(self._txn, key) is None}

    def _word(self, names: dict[tuple[int, int], str], collection_id: int, ordinal: int) -> str:
        collection = self._collections.get(collection_id)
        where = collection.name if collection else f"collection {collection_id}"
        key = names.get((collection_id, ordinal))
        return f"a past version in {where} (ordinal {ordinal})" if key is None else f"{where}:{key}"

    def _records(self) -> Iterator[Record]:
        for key, body in self._tables.bodies.scan(self._txn):
            id_, ordinal = RECORD_KEY.unpack(key)
            yield decode_record(id_, ordinal, body)

    def _mend_state(self) -> None:
        if self._tables.meta.find_sound(self._txn, FORMAT_STAMP_NAME) is None:
            self._tables.meta.put(self._txn, FORMAT_STAMP_NAME, encode(STORE_FORMAT_VERSION))
        if self._tables.meta.find_sound(self._txn, STATE_NAME) is not None:
            return
        rows = list(self._rows())
        if rows:
            catalog = [row for row in rows if row.changes[0].collection == CATALOG]
            catalog_start = catalog[0].seq if catalog and catalog[0].previous else 1
            catalog_end = catalog[-1].seq if catalog else 0
            state = StoreCounters(rows[-1].seq, rows[-1].time_us, rows[0].seq, catalog_start, catalog_end)
        else:
            seq = max((record.seq for record in self._records()), default=0)
            time_us = max((record.time_us for record in self._records()), default=0)
            state = StoreCounters(seq, time_us, seq + 1, seq + 1)
        self._tables.meta.put(self._txn, STATE_NAME, encode_store_counters(state))
        self.done.mended.append(f"the store's counters: sequence number {state.seq}, of the journal")

    def _rows(self) -> Iterator[JournalRow]:
        for key, payload in self._tables.journal.scan(self._txn):
            yield decode_row(key, payload)

    def _spans(self) -> dict[int, JournalSpan]:
        """What each collection's journal should reach over: as its counters say, or its rows where these are lost."""
        view = self._view()
        spans: dict[int, JournalSpan] = {}
        for key, _ in self._tables.journal.scan_raw(self._txn):
            seq, stored = JOURNAL_KEY.unpack(key)
            spans[stored] = JournalSpan(spans[stored].start if stored in spans else seq, seq)
        for key, _ in self._sound_counters():
            id_ = COLLECTION_KEY.unpack(key[-COLLECTION_KEY.size :])[0]
            state = view.collection_counters(id_)
            spans[id_] = JournalSpan(state.journal_start, state.journal_end)
        spans[CATALOG_COLLECTION] = JournalSpan(view.state.catalog_start, view.state.catalog_end)
        return spans

    def _sound_counters(self) -> list[tuple[bytes, bytes]]:
        prefix = counters_meta_key(0)[: -COLLECTION_KEY.size]
        return list(self._tables.meta.scan(self._txn, prefix))

    def _missing_rows(self) -> list[bytes]:
        return list(missing_rows(self._rows(), self._spans()))

    def _mend_catalog(self) -> None:
        """Raises CorruptRecord where no catalog is whole, and there is one."""
        if self._tables.meta.find_sound(self._txn, CATALOG_NAME) is not None:
            catalog = self._view().catalog
            if catalog.version and self._tables.meta.find_sound(self._txn, catalog_meta_key(catalog.version)) is None:
                self._tables.meta.put(self._txn, catalog_meta_key(catalog.version), encode(catalog_to_json(catalog)))
            return
        prefix = catalog_meta_key(0)[: -SEQ_KEY.size]
        versions = [key for key, _ in self._tables.meta.scan(self._txn, prefix)]
        if versions:
            payload = self._tables.meta.get(self._txn, versions[-1])
            self._tables.meta.put(self._txn, CATALOG_NAME, payload or b"")
            version = SEQ_KEY.unpack(versions[-1][len(prefix) :])[0]
            self.done.mended.append(f"the catalog: version {version}, the newest that is kept")
        elif next(self._records(), None) is not None:
            raise CorruptRecord("no version of the catalog is whole", "restore a snapshot into a new folder")

    def _changes_of_journal(self) -> tuple[dict[_Name, int | None], set[int]]:
        """The live ordinal of each key by its last change, and the collections of whose journal a row is lacking."""
        last: dict[_Name, int | None] = {}
        for row in self._rows():
            for change in row.changes:
                if change.key and change.kind in (ChangeKind.PUT, ChangeKind.DELETE):
                    last[change.collection, change.key] = change.ordinal if change.kind is ChangeKind.PUT else None
        return last, {JOURNAL_KEY.unpack(key)[1] for key in self._missing_rows()}

    def _live_ordinals(self) -> dict[_Name, tuple[int, int]]:
        """Ordinal and version of the record that is, or should be, live under each key."""
        last, lacking = self._changes_of_journal()
        stored: dict[_Name, tuple[int, int]] = {}
        for key, payload in self._tables.live.scan(self._txn):
            name = COLLECTION_KEY.unpack_from(key)[0], key[COLLECTION_KEY.size :].decode()
            stored[name] = decode_live(payload)[:2]
        newest: dict[_Name, tuple[int, int]] = {}
        for record in self._records():
            newest[record.collection_id, record.key] = (record.ordinal, record.version)
        whole = {id_ for id_ in self._collections if id_ not in lacking}
        live = {name: found for name, found in newest.items() if name not in last and name[0] in whole} | stored
        for name, expected in last.items():
            if name[0] in lacking:
                continue
            if expected is None:
                live.pop(name, None)
            elif name[0] in self._collections and stored.get(name, (-1, 0))[0] != expected:
                known = newest.get(name, (-1, 0))
                live[name] = (expected, known[1] if known[0] == expected else known[1] + 1)
        return live

    def _mend_keys(self) -> dict[_Name, int]:
        """Returns the live records without a body, and the versions that they had."""
        live, lacking = self._live_ordinals(), {}
        stored = {key: decode_live(payload) for key, payload in self._tables.live.scan(self._txn)}
        for (id_, name), (ordinal, version) in live.items():
            key = pack_key(id_, name)
            present = stored.pop(key, None)
            if present is None or present[:2] != (ordinal, version):
                self._tables.live.put(
                    self._txn, key, encode_live(LiveEntry(ordinal, version, self._time_us(id_, ordinal)))
                )
                self.done.mended.append(
                    f"{self._word({(id_, ordinal): name}, id_, ordinal)}: its key leads to it again"
                )
            if self._tables.bodies.find_sound(self._txn, RECORD_KEY.pack(id_, ordinal)) is None:
                lacking[id_, name] = version
        for key in stored:
            self._tables.live.delete(self._txn, key)
            self.done.mended.append(f"the key {key[COLLECTION_KEY.size :].decode()!r} of a deleted record: removed")
        return lacking

    def _time_us(self, collection_id: int, ordinal: int) -> int:
        """When a version was written; the store's time where it is lost."""
        if self._tables.bodies.find_sound(self._txn, RECORD_KEY.pack(collection_id, ordinal)) is None:
            return self._view().state.time_us
        return self._view().record(collection_id, ordinal).time_us

    def _cut_journal(self) -> None:
        """Where rows stay lost, the history of their collection begins after the last of them."""
        state = self._view().state
        lost: dict[int, int] = {}
        for key in self._missing_rows():
            seq, stored = JOURNAL_KEY.unpack(key)
            lost[stored] = max(seq, lost.get(stored, 0))
        for key, _ in list(self._tables.journal.scan_raw(self._txn)):
            seq, stored = JOURNAL_KEY.unpack(key)
            if not lost.get(stored, 0) < seq <= state.seq:
                self._tables.journal.delete(self._txn, key)
        self._history_starts = {stored: seq + 1 for stored, seq in lost.items()}
        if not lost:
            return
        catalog = self._history_starts.get(CATALOG_COLLECTION, state.catalog_start)
        start = max(state.journal_start, *self._history_starts.values())
        self._tables.meta.put(
            self._txn, STATE_NAME, encode_store_counters(replace(state, journal_start=start, catalog_start=catalog))
        )
        for stored, seq in lost.items():
            known = self._collections.get(stored)
            name = "the catalog" if stored == CATALOG_COLLECTION else known.name if known else f"collection {stored}"
            self.done.lost.append(f"entries of the journal: history of {name} begins after sequence number {seq}")

    def _vectors_lacking(self, names: dict[tuple[int, int], str], id_: int, ordinal: int) -> dict[bytes, str]:
        record = self._view().record(id_, ordinal)
        keys = [VECTOR_KEY.pack(id_, field_id, ordinal) for field_id in record.vector_fields]
        tables = (self._tables.vectors, self._tables.pending)
        lacking = [key for key in keys if all(t.find_sound(self._txn, key) is None for t in tables)]
        known = {f.id for f in self._collections[id_].fields} if id_ in self._collections else set()
        word = self._word(names, id_, ordinal)
        return {key: f"of {word}" for key in lacking if VECTOR_KEY.unpack(key)[1] in known}

    def _mend_vectors(self) -> None:
        live = self._live_ordinals()
        names = {(id_, ordinal): name for (id_, name), (ordinal, _) in live.items()}
        for id_, ordinal in names:
            if self._tables.bodies.find_sound(self._txn, RECORD_KEY.pack(id_, ordinal)) is None:
                continue
            for key, word in self._vectors_lacking(names, id_, ordinal).items():
                made = next(f for f in self._collections[id_].fields if f.id == VECTOR_KEY.unpack(key)[1])
                if made.source_fields:
                    self._tables.pending.put(self._txn, key, b"")
                    self.done.mended.append(f"vector {made.name} {word}: is made again from its text")
                else:
                    self.done.lost.append(f"vector {made.name} {word}")
        for key, _ in list(self._tables.vectors.scan(self._txn)):
            id_, _field, ordinal = VECTOR_KEY.unpack(key)
            if self._tables.bodies.find_sound(self._txn, RECORD_KEY.pack(id_, ordinal)) is None:
                self._tables.vectors.delete(self._txn, key)
        for key, _ in list(self._tables.pending.scan(self._txn)):
            id_, _field, ordinal = VECTOR_KEY.unpack(key)
            if (id_, ordinal) not in names or self._tables.vectors.find_sound(self._txn, key) is not None:
                self._tables.pending.delete(self._txn, key)

    def _count(self) -> None:
        live = {(id_, ordinal) for (id_, _), (ordinal, _) in self._live_ordinals().items()}
        counted, view = count_entries(self._txn, self._tables, live), self._view()
        for key, _ in self._sound_counters():  # the next ordinal is not below the one that they say
            id_ = COLLECTION_KEY.unpack(key[-COLLECTION_KEY.size :])[0]
            of = counted.setdefault(id_, CollectionCounters())
            of.next_ordinal = max(of.next_ordinal, view.collection_counters(id_).next_ordinal)
        for row in self._rows():
            changed = counted.get(row.changes[0].collection)
            if changed is not None:
                changed.next_ordinal = max(changed.next_ordinal, *(change.ordinal + 1 for change in row.changes))
        for stored, span in self._spans().items():
            if stored in counted:
                start = self._history_starts.get(stored, span.start)
                counted[stored].journal_start, counted[stored].journal_end = start, span.end
        for id_, of in counted.items():
            self._tables.meta.put(self._txn, counters_meta_key(id_), encode_collection_counters(of))

    def _put_older(self, lacking: dict[_Name, int], donors: Iterable[Donor], now_us: int) -> None:
        transaction = WriteTransaction(self._txn, self._tables, now_us)
        own = {(r.collection_id, r.key): r for r in self._records() if (r.collection_id, r.key) in lacking}
        found = {name: _OlderVersion.of(record, transaction, "history") for name, record in own.items()}
        waiting = set(lacking)
        for source, view in donors if waiting else ():
            for id_, key in sorted(waiting):
                record = view.get_readable(id_, key)
                if record is None:
                    continue
                waiting.discard((id_, key))
                if (id_, key) not in found or found[id_, key].record.ordinal < record.ordinal:
                    found[id_, key] = _OlderVersion.of(record, view, f"snapshot {source!r}")
            if not waiting:
                break
        for (id_, key), version in lacking.items():
            word = f"{self._collections[id_].name}:{key}"
            older = found.get((id_, key))
            if older is None:
                self.done.lost.append(
                    f"{word}: version {version} is damaged, and nothing has any; put it anew, or delete it"
                )
                continue
            older.put(transaction, self._collections[id_])
            was = f"version {version} is damaged, and nothing has it"
            self.done.older.append(
                f"{word}: {was}; version {older.record.version} of {older.source} is put in its place"
            )
        transaction.write_journal()


@dataclass(frozen=True, slots=True)
class _OlderVersion:
    """A record with its vectors by field id, in memory: the view that it was read from ends."""

    record: Record
    vectors: dict[int, bytes]
    source: str

    @classmethod
    def of(cls, record: Record, view: ReadView, source: str) -> _OlderVersion:
        places = {id_: VECTOR_KEY.pack(record.collection_id, id_, record.ordinal) for id_ in record.vector_fields}
        table = view.tables.vectors
        whole = {id_: place for id_, place in places.items() if table.find_sound(view.txn, place) is not None}
        return cls(record, {id_: table.get(view.txn, place) or b"" for id_, place in whole.items()}, source)

    def put(self, transaction: WriteTransaction, collection: Collection) -> None:
        made = {f.id for f in collection.fields if f.source_fields and f.id in self.record.vector_fields}
        kept = {id_: vector for id_, vector in self.vectors.items() if id_ in {f.id for f in collection.fields}}
        vectors: dict[int, bytes | None] = {**dict.fromkeys(made), **kept}
        transaction.put(collection.id, self.record.key, self.record.fields, vectors)
