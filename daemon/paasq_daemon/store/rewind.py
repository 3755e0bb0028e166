"""A store as it was at an earlier moment that its journal reaches, as a store of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from paasq_daemon.store.counters import StoreCounters
from paasq_daemon.store.historical_view import HistoricalView
from paasq_daemon.store.journal import CATALOG, ChangeKind, JournalEntry
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.record import Record
from paasq_daemon.store.store_import import ImportTransaction, StoreImport, batched
from paasq_daemon.wire.errors import CorruptRecord

T = TypeVar("T")

_EVERY = 1 << 62


def seq_at(view: ReadView, time_us: int) -> int | None:
    """The last transaction at or before a time (microseconds since 1970, UTC), by the journal; None where it begins later."""
    low, high = view.journal_start - 1, view.seq
    while low < high:
        middle = (low + high + 1) // 2
        found = view.commit_time_us(middle)
        if found is not None and found <= time_us:
            low = middle
        else:
            high = middle - 1
    return low if low >= view.journal_start else None


def copy_moment(present: ReadView, seq: int, into: StoreImport) -> int:
    """Fill a new store with what `present` was at a sequence number, its history as far as it is kept.

    Returns the time of that moment, in microseconds since 1970, UTC. A vector that was made anew since then is to be made:
    its old value is not kept. Raises StoreError where the history does not reach back, CorruptRecord where a record is
    damaged.
    """
    return _Rewinding(present, seq, into).run()


class _Rewinding:
    def __init__(self, present: ReadView, seq: int, into: StoreImport) -> None:
        self._present = present
        self._past = HistoricalView(present, seq)
        self._into = into
        self._seq = seq
        self._changed_later: set[tuple[int, int, int]] = set()  # vectors: collection, field, ordinal
        self._to_get: set[tuple[int, int, int]] = set()  # vectors that records had or were to get by then
        self._replaced: list[tuple[int, int]] = []  # collection, ordinal
        self._next_ordinal: dict[int, int] = {}
        self._time_us = 0
        self._read_journal()

    def run(self) -> int:
        for collection_id in self._present.all_collection_counters():
            for batch in batched(self._versions(collection_id)):
                with self._into.transaction() as transaction:
                    for record, live in batch:
                        self._import(transaction, record, live=live)
        for entries in batched(self._entries()):
            with self._into.transaction() as transaction:
                for entry in entries:
                    transaction.import_journal_entry(entry)
        with self._into.transaction() as transaction:
            for collection_id, present in self._present.all_collection_counters().items():
                if next_ordinal := self._next_ordinal.get(collection_id, present.next_ordinal):
                    transaction.import_next_ordinal(collection_id, next_ordinal)
            version = self._past.catalog.version
            for number in range(1, version + 1):
                if (catalog := self._present.past_catalog(number)) is not None:
                    transaction.import_catalog(catalog, present=number == version)
            time_us = self._present.commit_time_us(self._seq) or self._time_us
            ids = self._present.all_collection_counters()
            starts = {id_: self._present.history_start(id_) for id_ in ids if transaction.next_ordinal(id_)}
            catalog_start = self._present.history_start(CATALOG)
            counters = StoreCounters(self._seq, time_us, self._present.journal_start, catalog_start)
            transaction.import_counters(counters, starts)
        return time_us

    def _read_journal(self) -> None:
        for entry in self._present.kept_journal():
            for change in entry.changes:
                if change.field is not None:
                    vectors = self._to_get if entry.seq <= self._seq else self._changed_later
                    vectors.add((change.collection, change.field, change.ordinal))
                elif change.kind is not ChangeKind.CATALOG:
                    if entry.seq > self._seq and change.kind is ChangeKind.PUT:
                        self._next_ordinal.setdefault(change.collection, change.ordinal)
                    elif entry.seq <= self._seq and change.replaced_ordinal is not None:
                        self._replaced.append((change.collection, change.replaced_ordinal))
        for collection_id, counters in self._present.all_collection_counters().items():
            for field_id in counters.pending:
                waiting = self._present.pending_vectors(collection_id, field_id, _EVERY)
                names = {(collection_id, field_id, ordinal) for ordinal in waiting}
                self._to_get |= names - self._changed_later

    def _entries(self) -> Iterator[JournalEntry]:
        for entry in self._present.kept_journal():
            if entry.seq > self._seq:
                return
            yield entry

    def _versions(self, collection_id: int) -> Iterator[tuple[Record, bool]]:
        """Each version that is kept, and whether it was live then."""
        for record in self._past.scan(collection_id):
            yield record, True
        for of, ordinal in self._replaced:
            if of == collection_id and (kept := self._kept(of, ordinal)) is not None:
                yield kept, False

    def _kept(self, collection_id: int, ordinal: int) -> Record | None:
        """None where it was forgotten."""
        try:
            return self._present.record(collection_id, ordinal)
        except CorruptRecord:
            return None

    def _import(self, transaction: ImportTransaction, record: Record, *, live: bool) -> None:
        of, ordinal = record.collection_id, record.ordinal
        self._time_us = max(self._time_us, record.time_us)
        vectors = {id_: vector for id_ in self._vector_fields(record) if (vector := self._vector(record, id_))}
        pending = [id_ for id_ in self._vector_fields(record) if id_ not in vectors and self._is_to_get(record, id_)]
        transaction.import_record(record, live=live, pending=pending if live else ())
        for field_id, vector in vectors.items():
            transaction.import_vector(of, field_id, ordinal, vector, live=live)

    def _vector_fields(self, record: Record) -> Iterable[int]:
        counters = self._present.collection_counters(record.collection_id)
        return sorted({*counters.vectors, *counters.pending, *record.vector_fields})

    def _vector(self, record: Record, field_id: int) -> bytes | None:
        if (record.collection_id, field_id, record.ordinal) in self._changed_later:
            return None
        return next(iter(self._past.vectors(record.collection_id, field_id, [record.ordinal])))

    def _is_to_get(self, record: Record, field_id: int) -> bool:
        return field_id in record.vector_fields or (record.collection_id, field_id, record.ordinal) in self._to_get
