"""The journal: one entry a sequence number, saying what that transaction changed. Indexes and watches follow it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from paasq_daemon.store.entry_codec import decode, encode, unknown_shape


class ChangeKind(StrEnum):
    """What happened to a record, or to the catalog; see RecordChange. The values are stored in the journal."""

    PUT = "put"
    DELETE = "delete"
    VECTOR = "vector"
    CATALOG = "catalog"


@dataclass(frozen=True, slots=True)
class RecordChange:
    """One change of one record, or of the catalog.

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
    """The changes of one transaction, in order. `time_us` is its commit time, in microseconds since 1970, UTC."""

    seq: int
    time_us: int
    changes: tuple[RecordChange, ...]


def encode_entry(time_us: int, changes: list[RecordChange]) -> bytes:
    """The payload that `decode_entry` reads, without the sequence number, which is the key. `time_us` is UTC."""
    return encode([time_us, [[c.kind, c.collection, c.key, c.ordinal, c.replaced_ordinal, c.field] for c in changes]])


def decode_entry(seq: int, payload: bytes) -> JournalEntry:
    """Raises CorruptRecord where the entry, or a change in it, is of a kind unknown to this format."""
    try:
        time_us, changes = decode(payload)
        return JournalEntry(seq, time_us, tuple(RecordChange(ChangeKind(kind), *rest) for kind, *rest in changes))
    except (TypeError, ValueError):
        raise unknown_shape(f"entry {seq} of the journal") from None
