"""What answers say of records that are to be forgotten, or were."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from paasq_daemon.index.column_statistics import live_value_counts
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.store.forget_receipts import ForgetReceipt
from paasq_daemon.wire.answer import Answer, ColumnInfo
from paasq_dsl.types import TypeKind

PREVIEW_COLUMNS = (
    ColumnInfo("collection", "keyword"),
    ColumnInfo("key", "keyword"),
    ColumnInfo("live", "bool"),
    ColumnInfo("versions", "int"),
    ColumnInfo("vectors", "int"),
    ColumnInfo("bytes", "int"),
    ColumnInfo("links", "int"),
    ColumnInfo("copies", "[text]"),
)
_RECEIPT_COLUMNS = (
    ColumnInfo("number", "int"),
    ColumnInfo("collection", "keyword"),
    ColumnInfo("records", "int"),
    ColumnInfo("versions", "int"),
    ColumnInfo("vectors", "int"),
    ColumnInfo("bytes", "int"),
    ColumnInfo("links", "int"),
    ColumnInfo("seq", "int"),
    ColumnInfo("began", "time"),
    ColumnInfo("finished", "time"),
    ColumnInfo("rewritten", "[keyword]"),
    ColumnInfo("still_in", "[text]"),
    ColumnInfo("receipt", "keyword"),
)


def receipts_answer(receipts: Iterable[ForgetReceipt], seq: int) -> Answer:
    """A row for each receipt."""
    return Answer(_RECEIPT_COLUMNS, [_row(receipt) for receipt in receipts], seq=seq)


def _row(receipt: ForgetReceipt) -> list[Any]:
    return [
        receipt.number, receipt.collection, receipt.records, receipt.versions, receipt.vectors, receipt.size_bytes,
        receipt.links, receipt.seq, receipt.began_us, receipt.finished_us, list(receipt.snapshots_rewritten),
        list(receipt.still_in), receipt.hash,
    ]  # fmt: skip


def count_links(view: IndexView, name: str) -> Mapping[str, int]:
    """By key of a record of this collection: how many links of live records lead to it. Collections that have no index are left
    out."""
    found: Counter[str] = Counter()
    for collection in view.catalog.collections.values():
        for field in collection.fields if collection.id in view.snapshots else ():
            link = field.type.item or field.type
            if link.kind is TypeKind.LINK and link.name == name:
                snapshot = view.snapshots[collection.id]
                keys, counts = live_value_counts(snapshot.column(field.name), snapshot.live)
                found.update(dict(zip(keys, counts, strict=True)))
    return found
