"""Writes that read first: what they read is as they read it when they write, records that come to fit a where included."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.store.counters import CollectionCounters
from paasq_daemon.store.group_commit import CommitResult, Work
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.cancellation import Check, never
from paasq_daemon.wire.errors import ConflictError, CorruptRecord
from paasq_daemon.writes.catalog_retry import check_catalog

T = TypeVar("T")

OPTIMISTIC_ATTEMPTS = 3  # beside other writes; the next one holds them up


class ChangedMeanwhile(ConflictError):
    """What a write had read is not so any more when it comes to write. Nothing was written: it may read again."""


@dataclass(frozen=True)
class SerializableWrite(Generic[T]):
    """`decide` reads a view and returns the work that follows from it; its view is closed when that runs, in the writer's
    thread. It may be called several times. `reads` names the collections that it depends on, and `catalog_version` is that of the
    catalog that it was compiled against."""

    decide: Callable[[IndexView], Work[T]]
    reads: Iterable[str]
    catalog_version: int

    def run(self, store: Store, indexes: Indexes, check: Check = never) -> CommitResult[T]:
        """The result of the work, when it is durable. It is as if nothing had been written between reading and writing: where
        something was, to these collections, it reads again, and at last holds up the writer meanwhile, so that it always ends.

        Raises CatalogChanged where the catalog is another one, what `decide` and the work raise, and as `Indexes.run`.
        """
        decided = partial(self._decided, indexes, check)
        attempts = 0
        while True:
            attempts += 1
            is_last = attempts > OPTIMISTIC_ATTEMPTS
            try:
                return (store.write_undecided(decided) if is_last else store.write(decided())).result()
            except ChangedMeanwhile:
                if is_last:  # it has read a past state, as a page does
                    raise
            except CorruptRecord as error:
                if not indexes.set_aside(error):
                    raise

    def _decided(self, indexes: Indexes, check: Check) -> Work[T]:
        def on_view(view: IndexView) -> Work[T]:
            check_catalog(view.catalog.version, self.catalog_version)
            work, collections = self.decide(view), view.catalog.collections
            ids = {collections[name].id for name in self.reads}
            counters = {id_: view.store.collection_counters(id_) for id_ in ids}
            return partial(_if_unchanged, work, counters, view.seq, self.catalog_version)

        return indexes.run(on_view, check)


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
