"""The journal: one entry a sequence number, saying what that transaction changed. The indexes live off it."""

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

    | kind    | ordinal                     | previous                       | field                      |
    |---------|-----------------------------|--------------------------------|----------------------------|
    | put     | the record's new one        | the one that died, or None     | None                       |
    | delete  | the one that died           | the same                       | None                       |
    | vector  | the record's                | None                           | whose vector came or went  |
    | catalog | -1, as is the collection    | None                           | None                       |
    """

    kind: ChangeKind
    collection: int
    key: str
    ordinal: int
    replaced_ordinal: int | None = None
    field: int | None = None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """What one transaction changed, in the order it did."""

    seq: int
    time_us: int
    changes: tuple[RecordChange, ...]


def encode_entry(time_us: int, changes: list[RecordChange]) -> bytes:
    """The payload that `decode_entry` reads, without the sequence number, which is the key. `time_us` is UTC."""
    return encode([time_us, [[c.kind, c.collection, c.key, c.ordinal, c.replaced_ordinal, c.field] for c in changes]])


def decode_entry(seq: int, payload: bytes) -> JournalEntry:
    """Raises CorruptRecord where the entry, or a change in it, is of a kind that this format has not."""
    try:
        time_us, changes = decode(payload)
        return JournalEntry(seq, time_us, tuple(RecordChange(ChangeKind(kind), *rest) for kind, *rest in changes))
    except (TypeError, ValueError):
        raise unknown_shape(f"entry {seq} of the journal") from None
