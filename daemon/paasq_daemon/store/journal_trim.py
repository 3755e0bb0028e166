"""Forgetting history: old entries of the journal, and the records that died in them."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.store.journal import JournalEntry
from paasq_daemon.store.write_transaction import WriteTransaction

_ENTRIES_MAX = 500  # in one transaction
_BODIES_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Trimmed:
    """How much was removed: journal entries, record bodies, vectors."""

    entries: int
    records: int
    vectors: int

    def __add__(self, other: Trimmed) -> Trimmed:
        return Trimmed(self.entries + other.entries, self.records + other.records, self.vectors + other.vectors)


def trim_some(transaction: WriteTransaction, before_seq: int) -> Trimmed:
    """Remove the oldest entries below `before_seq`, as many as one transaction should; all zero at the end."""
    total = Trimmed(0, 0, 0)
    seq = transaction.journal_start
    while seq < min(before_seq, transaction.next_seq) and total.entries < _ENTRIES_MAX and total.records < _BODIES_MAX:
        total += _trim_entry(transaction, next(transaction.journal(seq - 1)))
        seq += 1
    return total


def _trim_entry(transaction: WriteTransaction, entry: JournalEntry) -> Trimmed:
    dead = [(c.collection, c.previous) for c in entry.changes if c.previous is not None]
    erased = [transaction.erase_dead(collection_id, ordinal) for collection_id, ordinal in dead]
    transaction.erase_journal(entry.seq)
    return Trimmed(1, sum(bodies for bodies, _ in erased), sum(vectors for _, vectors in erased))
