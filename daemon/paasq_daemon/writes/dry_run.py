"""What a transaction would change, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from paasq_daemon.store.record import Record, vector_numbers
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.answer import ColumnInfo
from paasq_daemon.wire.errors import CorruptRecord, PaasqError
from paasq_daemon.wire.value_codecs import format_value
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.types import TypeKind

COLUMNS = (
    ColumnInfo("change", "keyword"),
    ColumnInfo("collection", "keyword"),
    ColumnInfo("key", "keyword"),
    ColumnInfo("field", "keyword"),
    ColumnInfo("before", "text"),
    ColumnInfo("after", "text"),
)


class DryRunRollback(PaasqError):
    """Raised by a dry run in the writer's thread, so that its transaction is rolled back. Carries the rows of the answer."""

    def __init__(self, rows: list[list[Any]]) -> None:
        super().__init__("a dry run writes nothing")
        self.rows = rows


def diff_rows(transaction: WriteTransaction) -> list[list[Any]]:
    """Rows of `COLUMNS`: one for each field that differs; for a record rewritten unchanged, one for its `_version`."""
    first: dict[tuple[int, str], int | None] = {}
    for change in transaction.changes:
        first.setdefault((change.collection, change.key), change.replaced_ordinal)
    rows: list[list[Any]] = []
    for (collection_id, key), previous in first.items():
        collection = transaction.catalog.collections_by_id[collection_id]
        try:
            before = None if previous is None else transaction.record(collection_id, previous)
        except CorruptRecord:  # nothing of it can be shown
            before = None
        after = transaction.get(collection_id, key)
        what = "insert" if before is None else "delete" if after is None else "update"
        if before is not None or after is not None:
            rows += [[what, collection.name, key, *row] for row in _fields(transaction, collection, before, after)]
    return rows


def _fields(
    transaction: WriteTransaction, collection: Collection, before: Record | None, after: Record | None
) -> Iterator[list[Any]]:
    same = True
    for field in collection.fields:
        one, other = (_shown(transaction, record, field) for record in (before, after))
        if one != other:
            same = False
            yield [field.name, one, other]
    if same:
        yield ["_version", *(None if r is None else str(r.version) for r in (before, after))]


def _shown(transaction: WriteTransaction, record: Record | None, field: Field) -> str | None:
    if record is None or field.source_fields:
        return None  # a computed vector follows its texts
    if field.type.kind is TypeKind.VECTOR:
        stored = next(iter(transaction.vectors(record.collection_id, field.id, [record.ordinal])))
        return None if stored is None else format_value(vector_numbers(stored), "vector")
    return format_value(record.fields.get(field.id, field.default), field.type)
