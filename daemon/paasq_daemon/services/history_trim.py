"""History past the time that its collection, or the store, keeps it: from where on it is kept, and trimming what is before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.store.journal_trim import TrimResult
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.store import Store
from paasq_dsl.retention import HISTORY_DEFAULT, HistoryBound, moment_before


def first_seq_since(view: ReadView, moment_us: int) -> int:
    """The number of the first transaction at a moment or later; one more than the last where there is none.

    Found by bisection: the times of transactions never decrease.
    """
    low, high = view.journal_start, view.seq + 1
    while low < high:
        middle = (low + high) // 2
        time_us = view.commit_time_us(middle)
        assert time_us is not None
        if time_us < moment_us:
            low = middle + 1
        else:
            high = middle
    return low


def kept_from(view: ReadView, now_us: int, archived_seq: int | None = None) -> dict[int, int]:
    """By collection the sequence number from which on its history is to be kept: what was replaced or deleted in an earlier
    transaction may go. Collections whose history is kept for ever are left out.

    What is not archived yet stays: where `archived_seq` is not None, whatever is after it.
    """
    catalog, seqs, found = view.catalog, dict[HistoryBound, int](), dict[int, int]()
    of_dropped = catalog.history or HISTORY_DEFAULT
    for collection_id in view.all_collection_counters():
        collection = catalog.collections_by_id.get(collection_id)
        bound = of_dropped if collection is None else catalog.history_of(collection)
        if bound.age is None:
            continue
        if bound not in seqs:
            seq = first_seq_since(view, moment_before(now_us, bound.age))
            seqs[bound] = seq if archived_seq is None else min(seq, archived_seq + 1)
        found[collection_id] = seqs[bound]
    return found


def past_versions(view: ReadView, kept: Mapping[int, int]) -> Counter[int]:
    """By collection how many past versions of records trimming it up to there would remove."""
    found: Counter[int] = Counter()
    end = _trimmed_before(view, kept)
    for entry in view.journal(view.journal_start - 1) if end > view.journal_start else ():
        if entry.seq >= end:
            break
        found.update(change.collection for change in entry.changes if change.replaced_ordinal is not None)
    return found


def trim_history(store: Store, indexes: Indexes, kept: Mapping[int, int]) -> TrimResult:
    """Trim each collection up to there. The indexes are written first: none is to be made anew for want of the journal."""
    with indexes.read() as view:
        end = _trimmed_before(view.store, kept)
        if end <= view.store.journal_start:
            return TrimResult(0, 0, 0)
    indexes.checkpoint()
    return store.trim(end)


def _trimmed_before(view: ReadView, kept: Mapping[int, int]) -> int:
    everywhere = kept.keys() >= view.all_collection_counters().keys()
    return min(kept.values(), default=0) if everywhere else 0
