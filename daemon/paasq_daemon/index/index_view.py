"""Everything that a query reads, at one sequence number."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple, Protocol

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.text_index import TextIndexReader, TextReaders
from paasq_daemon.index.text_search import TextSearcher
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.wire.cancellation import Check, never
from paasq_daemon.wire.errors import PaasqError, StoreError
from paasq_dsl.catalog import Catalog

DAMAGED_SHOWN_MAX = 100  # keys of damaged records that a status names


class IndexSource(Protocol):
    """The indexes that a view is of."""

    def text_index(self, collection_id: int) -> TextReaders:
        """Of a collection of the view."""
        ...

    def catch_up_text(self, name: str, snapshot: ColumnSnapshot, check: Check) -> None:
        """Where a text index has much to catch up with before it has all of the snapshot, wait for that as long as `check`
        allows."""
        ...

    def keep_moment(self, view: IndexView) -> None:
        """Let a later view be of this very state."""
        ...


class Moment(NamedTuple):
    """The indexes of a past view, as it used them; records are read from the store by its sequence number."""

    snapshots: Mapping[int, ColumnSnapshot]
    failures: Mapping[int, Exception]
    text_readers: Mapping[int, TextIndexReader]


class IndexView:
    """Everything at one sequence number. Use it in one thread at a time, and only inside the `with` block."""

    def __init__(
        self,
        store: ReadView,
        catalog: Catalog,
        snapshots: Mapping[int, ColumnSnapshot],
        source: IndexSource,
        *,
        failures: Mapping[int, Exception] | None = None,
        text_readers: Mapping[int, TextIndexReader] | None = None,
        check: Check = never,
        epoch: int = 0,
    ) -> None:
        """`failures` are the errors of collections, by id, that have no snapshot; `text_readers` the readers that a former view
        of this state has used, by collection id. `check` is called often by what takes long, and may raise. `epoch` counts
        what was erased before it began."""
        self.epoch = epoch
        self._failures = failures or {}
        self._text_readers = text_readers or {}
        self.seq: int = store.seq
        self.store = store
        self.catalog = catalog
        self.snapshots = snapshots
        self._source = source
        self.check = check
        self._collections: dict[str, CollectionView] = {}

    @property
    def is_damaged(self) -> bool:
        """Whether a collection that was asked for has records that cannot be read or found, which are left out."""
        return any(view.damaged or view.collection.id in self.store.lost for view in self._collections.values())

    def problems(self) -> dict[str, dict[str, Any]]:
        """By collection, in JSON: `damaged`, keys of records that are left out (not all of many), and `error`, why there is no
        index."""
        found: dict[str, dict[str, Any]] = {}
        for name, collection in self.catalog.collections.items():
            if collection.id in self._failures:
                found[name] = {"error": _failed(name, self._failures[collection.id]).message}
            elif damaged := self.snapshots[collection.id].damaged:
                found[name] = {"damaged": sorted(damaged.values())[:DAMAGED_SHOWN_MAX]}
        return found

    def keep(self) -> None:
        """Let a later view be of this very state, for the next page (`Indexes.read_kept`)."""
        self._source.keep_moment(self)

    @property
    def moment(self) -> Moment:
        """What of this view does not end with it."""
        used = {view.collection.id: view.text.reader_used for view in self._collections.values()}
        readers = {id_: reader for id_, reader in used.items() if reader is not None}
        return Moment(self.snapshots, self._failures, {**self._text_readers, **readers})

    def collection(self, name: str) -> CollectionView:
        """Raises KeyError where the catalog has no such collection, StoreError where its index could not be made."""
        found = self._collections.get(name)
        if found is None:
            id_ = self.catalog.collections[name].id
            if id_ in self._failures:
                raise _failed(name, self._failures[id_])
            snapshot = self.snapshots[id_]
            text = TextSearcher(
                self._source.text_index(id_),
                snapshot,
                self.store,
                self._text_readers.get(id_),
                partial(self._source.catch_up_text, name, snapshot, self.check),
            )
            found = self._collections[name] = CollectionView(snapshot, self.store, text, self.check)
        return found

    def release(self) -> None:
        """Let go of columns and text, at the end of the block: what a query leaves may wait long for the garbage collector."""
        self.snapshots = {}
        self._collections.clear()


def _failed(name: str, error: Exception) -> StoreError:
    said = error.message if isinstance(error, PaasqError) else f"{type(error).__name__}: {error}"
    return StoreError(
        f"{name} cannot be indexed: {said}",
        "others answer; its records can be read, written and deleted by key, and it is tried again after a write to it",
    )
