"""Trimming history: old journal entries, and the record versions that were replaced or deleted in them."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.store.journal import JournalEntry
from paasq_daemon.store.write_transaction import WriteTransaction

_ENTRIES_MAX = 500  # in one transaction
_BODIES_MAX = 5_000


@dataclass(frozen=True, slots=True)
class TrimResult:
    """How much was removed: journal entries, record bodies, vectors."""

    entries: int
    records: int
    vectors: int

    def __add__(self, other: TrimResult) -> TrimResult:
        return TrimResult(self.entries + other.entries, self.records + other.records, self.vectors + other.vectors)


def trim_batch(transaction: WriteTransaction, before_seq: int) -> TrimResult:
    """Remove the oldest entries below `before_seq`, as many as one transaction should; all counts are 0 when none is left."""
    total = TrimResult(0, 0, 0)
    seq = transaction.journal_start
    while seq < min(before_seq, transaction.next_seq) and total.entries < _ENTRIES_MAX and total.records < _BODIES_MAX:
        total += _trim_entry(transaction, next(transaction.journal(seq - 1)))
        seq += 1
    return total


def _trim_entry(transaction: WriteTransaction, entry: JournalEntry) -> TrimResult:
    dead = [(c.collection, c.replaced_ordinal) for c in entry.changes if c.replaced_ordinal is not None]
    erased = [transaction.purge_record(collection_id, ordinal) for collection_id, ordinal in dead]
    transaction.purge_journal_entry(entry.seq)
    return TrimResult(1, sum(bodies for bodies, _ in erased), sum(vectors for _, vectors in erased))
