"""Putting one whole record into a write transaction."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from paasq_daemon.store.entry_codec import encode
from paasq_daemon.store.record import Record
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import CorruptRecord, InvalidValue
from paasq_daemon.writes.validation import vector_bytes
from paasq_dsl.catalog import KEY_FIELD_DEFAULT, Collection, Field
from paasq_dsl.types import TypeKind
from paasq_dsl.values import Value

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32


def put_record(transaction: WriteTransaction, collection: Collection, given: Mapping[str, Any]) -> Record:
    """Insert or replace one record from checked values by field name; only vectors, as lists, are checked here.

    A vector(auto) whose texts are unchanged keeps its vector; otherwise it is left pending. Where nothing differs from the
    live record, that is returned, and only confirmed. Raises InvalidValue.
    """
    key = _key(collection, given)
    before = transaction.get_readable(collection.id, key)
    fields: dict[int, Value] = {}
    vectors: dict[int, bytes | None] = {}
    for field in collection.fields:
        if field.source_fields:
            continue
        if field.type.kind is TypeKind.VECTOR:
            vector = vector_bytes(field, given.get(field.name))
            if vector is not None:
                vectors[field.id] = vector
            continue
        value = key if field.name == collection.key else given.get(field.name, field.default)
        # a null written into a field that has a default must be told from one that was never written
        if value is not None or (field.default is not None and field.name in given):
            fields[field.id] = value
    for field in collection.fields:
        if field.source_fields and embedding_text(collection, field, fields):
            vectors[field.id] = _kept_vector(transaction, collection, field, fields, before)
    if before is not None and _is_unchanged(transaction, collection, before, fields, vectors):
        transaction.confirm(collection.id, key)
        return before
    return transaction.put(collection.id, key, fields, vectors)


def embedding_text(collection: Collection, field: Field, fields: Mapping[int, Value]) -> str:
    """The text that a vector(auto) is made of: its source fields, one a line, blank ones left out."""
    parts = (
        fields.get(collection.fields_by_name[name].id, collection.fields_by_name[name].default)
        for name in field.source_fields
    )
    return "\n".join(part for part in parts if isinstance(part, str) and part.strip())


def new_ulid() -> str:
    """26 characters: milliseconds since 1970, then 80 random bits (ULID). Later ones sort later: pages stay full."""
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def _key(collection: Collection, given: Mapping[str, Any]) -> str:
    key = given.get(collection.key)
    if key is None and collection.key == KEY_FIELD_DEFAULT:
        return new_ulid()
    if not isinstance(key, str) or not key:
        raise InvalidValue(
            f"{collection.name}.{collection.key} is the key of a record: text, not empty", "give each record one"
        )
    return key


def _is_unchanged(
    transaction: WriteTransaction,
    collection: Collection,
    before: Record,
    fields: Mapping[int, Value],
    vectors: Mapping[int, bytes | None],
) -> bool:
    """Whether the live record has these very values, bit for bit: -0.0 is not 0.0."""
    if set(before.vector_fields) != vectors.keys() or before.fields.keys() != fields.keys():
        return False
    if encode([before.fields[id_] for id_ in fields]) != encode(list(fields.values())):
        return False
    automatic = {field.id for field in collection.fields if field.source_fields}  # which follow from the others
    return all(
        vector == next(iter(transaction.vectors(collection.id, id_, [before.ordinal])))
        for id_, vector in vectors.items()
        if id_ not in automatic
    )


def _kept_vector(
    transaction: WriteTransaction,
    collection: Collection,
    field: Field,
    fields: Mapping[int, Value],
    before: Record | None,
) -> bytes | None:
    if before is None or embedding_text(collection, field, before.fields) != embedding_text(collection, field, fields):
        return None
    try:
        return next(iter(transaction.vectors(collection.id, field.id, [before.ordinal])))
    except CorruptRecord:  # it is made again
        return None
