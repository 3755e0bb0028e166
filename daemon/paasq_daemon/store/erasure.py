"""Erasing records for good: every version, its vectors, and its key in the journal. Of each version a tombstone stays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from paasq_daemon.store.entry_codec import verify_checksum
from paasq_daemon.store.journal import decode_row
from paasq_daemon.store.layout import JOURNAL_KEY, RECORD_KEY, SEQ_KEY, VECTOR_KEY
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import CorruptRecord
from paasq_dsl.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Traces:
    """What the journal and the keys know of some records of a collection: the `ordinals` of all their versions, each with its
    key, whether it is still stored or not; the sequence numbers of the `rows` that name them; and `first_seq`, that of the oldest
    version there may ever have been (0 where that was trimmed). The journal was read up to `seq`."""

    collection_id: int
    keys: frozenset[str]
    ordinals: Mapping[int, str]
    rows: frozenset[int]
    first_seq: int
    seq: int

    def of(self, key: str) -> Traces:
        """Those of one record; `rows` and `first_seq` stay those of all."""
        return replace(self, keys=frozenset({key}), ordinals={o: k for o, k in self.ordinals.items() if k == key})


@dataclass(frozen=True, slots=True)
class ErasedCounts:
    """How much is stored of some records: `size_bytes` of versions and vectors, as entries of the data file."""

    records: int = 0
    versions: int = 0
    vectors: int = 0
    size_bytes: int = 0

    def __add__(self, other: ErasedCounts) -> ErasedCounts:
        return ErasedCounts(
            self.records + other.records,
            self.versions + other.versions,
            self.vectors + other.vectors,
            self.size_bytes + other.size_bytes,
        )


def collection_ids(view: ReadView, name: str) -> list[int]:
    """The ids of all collections that had this name: of one that was dropped the history is still stored."""
    present = view.catalog
    past = (view.past_catalog(version) for version in range(1, present.version))
    named = ((catalog or Catalog()).collections.get(name) for catalog in (*past, present))
    return list(dict.fromkeys(collection.id for collection in named if collection is not None))


def find_traces(view: ReadView, collection_id: int, keys: Iterable[str], known: Traces | None = None) -> Traces:
    """Read the journal for records; from where it was read for them before, if `known` is given.

    Raises CorruptRecord where a row of the journal is damaged.
    """
    wanted = frozenset(keys)
    ordinals, rows = (dict(known.ordinals), set(known.rows)) if known else (dict[int, str](), set[int]())
    journal, start = view.tables.journal, SEQ_KEY.pack(known.seq + 1 if known else 0)
    for name, envelope in journal.scan_raw(view.txn, start=start):
        seq, collection = JOURNAL_KEY.unpack(name)
        if collection != collection_id:
            continue
        for change in decode_row(name, verify_checksum(journal.seed, name, envelope)).changes:
            if change.key in wanted:
                rows.add(seq)
                ordinals[change.ordinal] = change.key
                if change.replaced_ordinal is not None:
                    ordinals[change.replaced_ordinal] = change.key
    for key in wanted:
        with suppress(CorruptRecord):  # a writer finds the record of a damaged entry otherwise
            live = view.ordinal(collection_id, key)
            ordinals |= {} if live is None else {live: key}
    whole = view.history_start(collection_id) <= 1
    first_seq = min(rows, default=view.seq + 1) if whole else 0
    return Traces(collection_id, wanted, ordinals, frozenset(rows), first_seq, view.seq)


def count_stored(view: ReadView, traces: Traces) -> ErasedCounts:
    """How much of the records is stored. `records` counts those that have a version, live or not."""
    bodies, vectors, id_ = view.tables.bodies, view.tables.vectors, traces.collection_id
    fields = view.collection_counters(id_).vectors
    versions = vector_count = size_bytes = 0
    found: set[str] = set()
    for ordinal, key in traces.ordinals.items():
        size = bodies.stored_bytes(view.txn, RECORD_KEY.pack(id_, ordinal))
        if size:
            found.add(key)
            versions, size_bytes = versions + 1, size_bytes + size
        for field_id in fields:
            size = vectors.stored_bytes(view.txn, VECTOR_KEY.pack(id_, field_id, ordinal))
            vector_count += bool(size)
            size_bytes += size
    return ErasedCounts(len(found), versions, vector_count, size_bytes)


def erase(transaction: WriteTransaction, traces: Traces, *, journal: bool = True) -> ErasedCounts:
    """Erase the records, and say how much that was; with `journal` False their deletion makes no entry in it: of a copy of the
    store at its own sequence number."""
    id_, ordinals = traces.collection_id, set(traces.ordinals)
    for key in traces.keys:
        live = transaction.ordinal(id_, key)
        ordinals |= set() if live is None else {live}
    counts = count_stored(transaction, traces)
    for key in sorted(traces.keys):
        transaction.forget(id_, key, journal=journal)
    for ordinal in sorted(ordinals):
        transaction.erase_version(id_, ordinal)
    for seq in sorted(traces.rows):
        transaction.blank_journal_row(id_, seq, ordinals)
    return counts
