"""Writes that read first: what they read is as they read it when they write, records that come to fit a where included."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.index.readable_indexes import ReadableIndexes
from paasq_daemon.store.counters import CollectionCounters
from paasq_daemon.store.group_commit import CommitResult, Work
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.cancellation import Check, never
from paasq_daemon.wire.errors import ConflictError, CorruptRecord
from paasq_daemon.writes.catalog_retry import check_catalog

T = TypeVar("T")
D = TypeVar("D")

OPTIMISTIC_ATTEMPTS = 3  # beside other writes; the next one holds them up


class ChangedMeanwhile(ConflictError):
    """What a write had read is not so any more when it comes to write. Nothing was written: it may read again."""


@dataclass(frozen=True)
class Decision(Generic[D]):
    """What a statement decided on a view, the counters of the collections that this depends on, by their ids, and the version of
    the catalog. It can be sent to another process."""

    value: D
    counters: Mapping[int, CollectionCounters]
    seq: int
    catalog_version: int

    @classmethod
    def independent(cls, value: D) -> Decision[D]:
        """Of nothing that is stored."""
        return cls(value, {}, sys.maxsize, 0)

    def guarded(self, work: Work[T]) -> Work[T]:
        """The work that follows from it: raises ChangedMeanwhile where what it depends on is another by then, CatalogChanged
        where the catalog is."""
        return partial(_if_unchanged, work, self.counters, self.seq, self.catalog_version)


@dataclass(frozen=True)
class Decider(Generic[D]):
    """`decide` reads a view; it may be called several times. `reads` names the collections that it depends on, and
    `catalog_version` is that of the catalog that it was compiled against."""

    decide: Callable[[IndexView], D]
    reads: Iterable[str]
    catalog_version: int

    def decided(self, indexes: ReadableIndexes, check: Check = never) -> Decision[D]:
        """On a view of now. Raises CatalogChanged, what `decide` raises, and as `ReadableIndexes.run`."""
        return indexes.run(self._on_view, check)

    def _on_view(self, view: IndexView) -> Decision[D]:
        check_catalog(view.catalog.version, self.catalog_version)
        value, collections = self.decide(view), view.catalog.collections
        ids = {collections[name].id for name in self.reads}
        counters = {id_: view.store.collection_counters(id_) for id_ in ids}
        return Decision(value, counters, view.seq, self.catalog_version)


def write_serializable(
    store: Store, indexes: Indexes, decider: Decider[D], apply: Callable[[D], Work[T]], check: Check = never
) -> CommitResult[T]:
    """The result of the work that `apply` makes of what was decided, when it is durable. It is as if nothing had been written
    between reading and writing: where something was, to these collections, it is decided again, and at last the writer is held
    up meanwhile, so that it always ends.

    Raises CatalogChanged where the catalog is another one, and what the decider and the work raise.
    """

    def guarded() -> Work[T]:
        decision = decider.decided(indexes, check)
        return decision.guarded(apply(decision.value))

    attempts = 0
    while True:
        attempts += 1
        is_last = attempts > OPTIMISTIC_ATTEMPTS
        try:
            return (store.write_undecided(guarded) if is_last else store.write(guarded())).result()
        except ChangedMeanwhile:
            if is_last:  # it has read a past state, as a page does
                raise
        except CorruptRecord as error:
            if not indexes.set_aside(error):
                raise


def _if_unchanged(
    work: Work[T],
    counters: Mapping[int, CollectionCounters],
    seq: int,
    catalog_version: int,
    transaction: WriteTransaction,
) -> T:
    """The counters tell every change, that of a confirmation too, which has no sequence number."""
    if transaction.state.catalog_end > seq:
        check_catalog(transaction.catalog.version, catalog_version)
    if any(transaction.collection_counters(id_) != before for id_, before in counters.items()):
        raise ChangedMeanwhile(
            "what this statement reads was changed by another write meanwhile", "run the statement again"
        )
    return work(transaction)
