"""History past the time that its collection, or the store, keeps it: from where on it is kept, and trimming what is before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.store import Store
from paasq_dsl.retention import HISTORY_DEFAULT, HistoryBound, moment_before


def first_seq_since(view: ReadView, moment_us: int) -> int:
    """The number of the first transaction at a moment or later, or one between it and the one before, where what was between
    was trimmed; one more than the last where there is none.

    Found by bisection: the times of transactions never decrease.
    """
    low, high = 1, view.seq + 1
    while low < high:
        middle = (low + high) // 2
        entry = next(view.kept_journal(middle - 1), None)
        if entry is not None and entry.time_us < moment_us:
            low = entry.seq + 1
        else:
            high = middle
    return low


def kept_from(view: ReadView, now_us: int, archived_seq: int | None = None) -> dict[int, int]:
    """By collection, dropped ones too, the sequence number from which on its history is to be kept: what was replaced or deleted
    in an earlier transaction may go. Those whose history is kept for ever are left out.

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
    """By collection how many past versions of records trimming it up to there would remove, forgotten ones aside."""
    found: Counter[int] = Counter()
    end = max(kept.values(), default=0)
    start = min((view.history_start(id_) for id_ in kept), default=end)
    for entry in view.kept_journal(start - 1) if start < end else ():
        if entry.seq >= end:
            break
        found.update(
            change.collection
            for change in entry.changes
            if change.key and change.replaced_ordinal is not None and entry.seq < kept.get(change.collection, 0)
        )
    return found


def trim_history(store: Store, indexes: Indexes, kept: Mapping[int, int]) -> dict[int, int]:
    """Trim each collection up to there; by collection how many past versions were removed. The indexes are written first: none
    is to be made anew for want of the journal."""
    with indexes.read() as view:
        behind = {id_: seq for id_, seq in kept.items() if seq > view.store.history_start(id_)}
    if not behind:
        return {}
    indexes.checkpoint()
    return {id_: store.trim(seq, id_).records for id_, seq in behind.items()}
