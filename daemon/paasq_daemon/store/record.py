"""A record as it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from paasq_daemon.store.entry_codec import decode, encode, unknown_shape
from paasq_daemon.store.layout import BODY_BYTES_MAX
from paasq_daemon.wire.errors import InvalidValue
from paasq_dsl.catalog import Collection
from paasq_dsl.object_paths import nest_value
from paasq_dsl.values import Value

_TRUST_OF_OWNER = 3  # bits 0 and 1 of a body's flags
_HAS_VECTORS = 4
_KNOWN_FLAGS = _TRUST_OF_OWNER | _HAS_VECTORS
_NO_WRITER = 0  # who wrote it is not known


@dataclass(frozen=True, slots=True)
class Record:
    """One version of a record.

    `fields` maps a field's id to its value; a field that is absent is null. Vectors are not among them.
    `vector_fields` are the ids of those that were put with it, pending ones too: a missing one is corruption.
    `seq` is the store's sequence number of the transaction that wrote it, `time_us` when (microseconds since 1970, UTC).
    """

    collection_id: int
    ordinal: int
    key: str
    version: int
    seq: int
    time_us: int
    fields: Mapping[int, Value]
    vector_fields: tuple[int, ...] = ()

    def field_values(self, collection: Collection) -> dict[str, Value]:
        """By the names of fields; what the record was not given has its default."""
        return {f.name: self.fields.get(f.id, f.default) for f in collection.fields}

    def to_document(self, collection: Collection, vectors: Mapping[str, Value]) -> dict[str, Value]:
        """As it is put and read: its key and its values, objects nested. `vectors` are those that were given with it, by name
        (`ReadView.given_vectors`).
        """
        values = self.field_values(collection) | {collection.key: self.key, **vectors}
        return {name: nest_value(type_, name, values.__getitem__) for name, type_ in collection.record_types.items()}


def vector_numbers(stored: bytes | None) -> Value:
    """A stored vector, little-endian float32, as numbers, each exactly as it is stored; None where there is none."""
    return None if stored is None else np.frombuffer(stored, "<f4").tolist()


def encode_record(record: Record) -> bytes:
    """The body as bytes: flags, writer, key, version, sequence number, time, fields, and by a flag the fields with vectors.

    Raises InvalidValue where it is longer than `BODY_BYTES_MAX`.
    """
    parts: list[object] = [
        _TRUST_OF_OWNER, _NO_WRITER, record.key, record.version, record.seq, record.time_us, record.fields,
    ]  # fmt: skip
    if record.vector_fields:
        parts[0] = _TRUST_OF_OWNER | _HAS_VECTORS
        parts.append(record.vector_fields)
    body = encode(parts)
    if len(body) > BODY_BYTES_MAX:
        raise InvalidValue(
            f"the record {record.key!r} has {len(body):,} bytes, and {BODY_BYTES_MAX:,} are the most",
            "cut the text into several records",
        )
    return body


def decode_record(collection_id: int, ordinal: int, body: bytes) -> Record:
    """Raises CorruptRecord where the body does not have the parts of this format."""
    try:
        flags, _writer, key, version, seq, time_us, fields, *more = decode(body)
    except (TypeError, ValueError):
        raise unknown_shape(f"record {ordinal} of collection {collection_id}") from None
    if flags & ~_KNOWN_FLAGS or len(more) != bool(flags & _HAS_VECTORS):
        raise unknown_shape(f"record {ordinal} of collection {collection_id}")
    return Record(collection_id, ordinal, key, version, seq, time_us, fields, tuple(more[0]) if more else ())
