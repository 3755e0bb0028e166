"""The journal: for each sequence number, what that transaction changed. Indexes and watches follow it.

It is stored by sequence number and collection, so that the history of one collection can be trimmed, or a record be forgotten,
without the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from paasq_daemon.store.entry_codec import decode, encode, unknown_shape
from paasq_daemon.store.layout import CATALOG_COLLECTION, JOURNAL_KEY


class ChangeKind(StrEnum):
    """What happened to a record, or to the catalog; see RecordChange."""

    PUT = "put"
    DELETE = "delete"
    VECTOR = "vector"
    CATALOG = "catalog"


CATALOG = -1  # the collection of changes of the catalog
_KINDS = (ChangeKind.PUT, ChangeKind.DELETE, ChangeKind.VECTOR, ChangeKind.CATALOG)  # stored by their places
_CODES = {kind: code for code, kind in enumerate(_KINDS)}
_NO_WRITER = 0  # who wrote it is not known


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One change of one record, or of the catalog. The key is empty where the record was forgotten.

    | kind    | ordinal                   | replaced_ordinal              | field                             |
    |---------|---------------------------|-------------------------------|-----------------------------------|
    | put     | of the new version        | of the old version, or None   | None                              |
    | delete  | of the deleted record     | the same                      | None                              |
    | vector  | of the record             | None                          | whose vector was made or dropped  |
    | catalog | -1, as is the collection  | None                          | None                              |
    """

    kind: ChangeKind
    collection: int
    key: str
    ordinal: int
    replaced_ordinal: int | None = None
    field: int | None = None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """The changes of one transaction, by collection, and in order in each. `time_us` is its commit time, in microseconds since
    1970, UTC."""

    seq: int
    time_us: int
    changes: tuple[RecordChange, ...]


@dataclass(frozen=True, slots=True)
class JournalRow:
    """The changes that a transaction made in one collection. `previous` is the sequence number of the collection's row before it,
    0 for the first, and `rows` how many the transaction has: so a row that is lost is known, and which."""

    seq: int
    time_us: int
    changes: tuple[RecordChange, ...]
    previous: int
    rows: int


def encode_row(row: JournalRow) -> bytes:
    """The payload that `decode_row` reads, without what is in the key."""
    changes = [[_CODES[c.kind], c.key, c.ordinal, c.replaced_ordinal, c.field] for c in row.changes]
    return encode([row.time_us, _NO_WRITER, row.previous, row.rows, changes])


def decode_row(key: bytes, payload: bytes) -> JournalRow:
    """Raises CorruptRecord where the row, or a change in it, is of a kind unknown to this format."""
    seq, stored = JOURNAL_KEY.unpack(key)
    collection = CATALOG if stored == CATALOG_COLLECTION else stored
    try:
        time_us, _writer, previous, rows, changes = decode(payload)
        found = tuple(RecordChange(_KINDS[kind], collection, *rest) for kind, *rest in changes)
        return JournalRow(seq, time_us, found, previous, rows)
    except (TypeError, ValueError, LookupError):
        raise unknown_shape(f"entry {seq} of the journal") from None


def rows_of(entry: JournalEntry, ends: Mapping[int, int]) -> dict[int, JournalRow]:
    """The rows of a transaction by the collection of their keys. `ends` has the `journal_end` of each collection so far."""
    by_collection: defaultdict[int, list[RecordChange]] = defaultdict(list)
    for change in entry.changes:
        by_collection[change.collection].append(change)
    return {
        CATALOG_COLLECTION if collection == CATALOG else collection: JournalRow(
            entry.seq, entry.time_us, tuple(changes), ends.get(collection, 0), len(by_collection)
        )
        for collection, changes in sorted(by_collection.items())
    }
