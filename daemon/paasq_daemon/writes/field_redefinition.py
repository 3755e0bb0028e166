"""A field that is declared anew: its records must fit the new declaration, and keep their values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from paasq_daemon.store.record import Record
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import ConflictError, CorruptRecord, InvalidValue
from paasq_daemon.writes.type_change import convert_lossless
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.syntax.lexer import format_name, format_path
from paasq_dsl.types import TypeKind
from paasq_dsl.values import Value


def redefine_field(transaction: WriteTransaction, collection: Collection, before: Field, after: Field) -> int:
    """How many records were rewritten. What a record reads as stays, converted where the type is another one: a record
    without a value of its own is given the default that it had, and null stays null beside a new default.

    Raises InvalidValue where a record does not fit, ConflictError where a unique value would be repeated.
    """
    if after.type.kind is TypeKind.VECTOR:
        return 0
    records = list(transaction.scan_readable(collection.id))
    values = [record.fields.get(before.id, before.default) for record in records]
    converted = values if before.type == after.type else [_converted(before, after, value) for value in values]
    place = f"{collection.name}.{before.name}"
    failed = [i for i, value in enumerate(values) if value is not None and converted[i] is None]
    if failed:
        shown = f"{values[failed[0]]!r:.60} of {collection.name}:{records[failed[0]].key}"
        raise InvalidValue(
            f"{len(failed):,} of {len(records):,} values of {place} are no {after.type}, such as {shown}",
            "patch them first",
        )
    without = [record for record, value in zip(records, converted, strict=True) if value is None]
    if after.required and without and before.name != collection.key:
        raise InvalidValue(
            f"{len(without):,} of {len(records):,} records of {collection.name} have no {before.name}, such as "
            f"{collection.name}:{without[0].key}",
            f"write: patch {format_name(collection.name)} where {format_path(before.name)} == null set "
            f"{format_path(before.name)} = ...",
        )
    if (after.unique and not before.unique) or before.type != after.type:
        _check_unique(place, after, converted)
    return sum(
        _rewritten(transaction, record, before, after, value) for record, value in zip(records, converted, strict=True)
    )


def rewrite(transaction: WriteTransaction, record: Record, fields: Mapping[int, Value]) -> None:
    """A new version with other fields and the vectors of the old one. One whose vector is damaged stays as it is."""
    of = record.collection_id
    try:
        kept = {id_: next(iter(transaction.vectors(of, id_, [record.ordinal]))) for id_ in record.vector_fields}
    except CorruptRecord:
        return
    transaction.put(of, record.key, fields, kept)


def _converted(before: Field, after: Field, value: Value) -> Value:
    return None if value is None else convert_lossless(before.type, after, value)


def _check_unique(place: str, after: Field, values: list[Value]) -> None:
    repeated = [v for v, n in Counter(v for v in values if v is not None).items() if n > 1] if after.unique else []
    if repeated:
        raise ConflictError(
            f"{len(repeated):,} values of {place} are those of several records, such as {repeated[0]!r:.60}",
            "patch them first",
        )


def _rewritten(transaction: WriteTransaction, record: Record, before: Field, after: Field, value: Value) -> bool:
    fields = {id_: v for id_, v in record.fields.items() if id_ != before.id}
    # a null beside a default must be told from a value that was never written
    if value is not None or after.default is not None:
        fields[after.id] = value
    if fields == record.fields or (
        value == after.default and after.id not in record.fields and before.id not in record.fields
    ):
        return False
    rewrite(transaction, record, fields)
    return True
