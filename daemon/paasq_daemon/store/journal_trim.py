"""Trimming history: what was changed in a collection long ago, and the record versions that were replaced or deleted then."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.store.journal import JournalRow, decode_row
from paasq_daemon.store.layout import JOURNAL_KEY, SEQ_KEY
from paasq_daemon.store.write_transaction import WriteTransaction

_ROWS_MAX = 500  # in one transaction
_BODIES_MAX = 5_000
_ROWS_LOOKED_AT_MAX = 20_000  # those of other collections among them


@dataclass(frozen=True, slots=True)
class TrimResult:
    """How much was removed: rows of the journal, record bodies, vectors."""

    entries: int
    records: int
    vectors: int

    def __add__(self, other: TrimResult) -> TrimResult:
        return TrimResult(self.entries + other.entries, self.records + other.records, self.vectors + other.vectors)


def trim_batch(transaction: WriteTransaction, collection_id: int, before_seq: int) -> tuple[TrimResult, bool]:
    """Remove the oldest changes of a collection below `before_seq`, as many as one transaction should; and whether that is all
    of them."""
    total, last = TrimResult(0, 0, 0), min(before_seq, transaction.next_seq)
    start = transaction.history_start(collection_id)
    for number, (key, payload) in enumerate(
        transaction.tables.journal.scan(transaction.txn, start=SEQ_KEY.pack(start))
    ):
        seq, of = JOURNAL_KEY.unpack(key)
        if seq >= last:
            break
        if total.entries >= _ROWS_MAX or total.records >= _BODIES_MAX or number >= _ROWS_LOOKED_AT_MAX:
            transaction.start_history(collection_id, seq)
            return total, False
        if of == collection_id:
            total += _trim_row(transaction, collection_id, decode_row(key, payload))
    if last > start:
        transaction.start_history(collection_id, last)
    return total, True


def _trim_row(transaction: WriteTransaction, collection_id: int, row: JournalRow) -> TrimResult:
    dead = [change.replaced_ordinal for change in row.changes if change.replaced_ordinal is not None]
    erased = [transaction.purge_record(collection_id, ordinal) for ordinal in dead]
    transaction.purge_journal_row(collection_id, row.seq)
    return TrimResult(1, sum(bodies for bodies, _ in erased), sum(vectors for _, vectors in erased))
