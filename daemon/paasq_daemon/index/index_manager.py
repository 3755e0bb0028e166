"""All indexes of a store, brought to the sequence number of each view that is read."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

import numpy as np

from paasq_daemon.index.append_files import InvalidIndexFile
from paasq_daemon.index.checkpoint import COLUMNS_NAME, Checkpoint, CheckpointAhead
from paasq_daemon.index.collection_index import CollectionIndex
from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import Ints
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.index_folder import INDEX_NAME, linked_index_folder
from paasq_daemon.index.journal_replay import CollectionChanges, replay_changes
from paasq_daemon.index.kept_states import KeptStates, Moment
from paasq_daemon.index.key_comparison import keys_not_in_store
from paasq_daemon.index.text_index import TextIndex, TextIndexReader
from paasq_daemon.index.text_search import TextSearcher
from paasq_daemon.index.time_travel import HISTORICAL_PREFIX, HistoricalIndexes, HistoricalSnapshots
from paasq_daemon.store.historical_view import HistoricalView
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import CorruptRecord, PaasqError, StoreError
from paasq_dsl.catalog import Catalog, Collection

DAMAGED_SHOWN_MAX = 100  # keys of damaged records that a status names
FAILED_RETRY_S = 10.0  # until a collection that could not be indexed is tried again, where nothing is written to it
CHECKPOINT_INTERVAL_SEQS = (
    10_000  # transactions after which a read writes a checkpoint, so that a start has few to replay
)

T = TypeVar("T")

_log = logging.getLogger(__name__)


class IndexView:
    """Everything at one sequence number. Use it in one thread at a time, and only inside the `with` block."""

    def __init__(
        self,
        store: ReadView,
        catalog: Catalog,
        snapshots: Mapping[int, ColumnSnapshot],
        indexes: Indexes | HistoricalIndexes,
        failures: Mapping[int, Exception] | None = None,
        text_readers: Mapping[int, TextIndexReader] | None = None,
        epoch: int = 0,
    ) -> None:
        """`failures` are the errors of collections, by id, that have no snapshot; `text_readers` the readers that a former view
        of this state has used, by collection id; `epoch` is that of the states that were kept when it began."""
        self.epoch = epoch
        self._failures = failures or {}
        self._text_readers = text_readers or {}
        self.seq: int = store.seq
        self.store = store
        self.catalog = catalog
        self.snapshots = snapshots
        self._indexes = indexes
        self._collections: dict[str, CollectionView] = {}

    @property
    def is_damaged(self) -> bool:
        """Whether a collection that was asked for has records that cannot be read, which are left out."""
        return any(view.damaged for view in self._collections.values())

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
        if isinstance(self._indexes, Indexes):
            self._indexes.keep_moment(self)

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
            text = TextSearcher(self._indexes.text_index(id_), snapshot, self.store, self._text_readers.get(id_))
            found = self._collections[name] = CollectionView(snapshot, self.store, text)
        return found

    def release(self) -> None:
        """Let go of columns and text, at the end of the block: what a query leaves may wait long for the garbage collector."""
        self.snapshots = {}
        self._collections.clear()


class Indexes:
    """The data derived from a store: columns, vectors and text, in `<folder>/index`. Can be rebuilt at any time. Thread-safe."""

    def __init__(self, folder: Path, store: Store) -> None:
        """Of a store that cannot be written, what is newer than its index is built in a temporary folder."""
        self._resources = ExitStack()
        self._folder = folder / INDEX_NAME
        if store.read_only:
            self._folder = self._resources.enter_context(linked_index_folder(folder))
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for left in self._folder.glob(f"{HISTORICAL_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        self._store = store
        self.lost_after: str | None = None  # in words, where the store is older than what was derived from it
        self._lock = RLock()
        self._checkpoint = Checkpoint(self._folder)
        self._checkpoint_seq = 0
        self._seq: int | None = None  # None: nothing can be trusted, and all is to be built
        self._catalog = Catalog()
        self._collections: dict[int, CollectionIndex] = {}
        self._failures: dict[int, Exception] = {}  # of collections that have no index, by id, until they change
        self._retry_at_s = 0.0
        self._texts: dict[int, TextIndex] = {}
        self._kept = KeptStates()
        self._set_aside: set[tuple[int, int]] = (
            set()
        )  # collection and ordinal of records that were damaged under a view
        self._open_views: dict[IndexView, None] = {}  # in the order of their sequence numbers
        self._dropped: set[int] = set()  # collections whose indexes stay until no open view has them
        with store.read() as view:
            self._load(view)

    @contextmanager
    def read(self) -> Iterator[IndexView]:
        """A view of store and indexes at the newest sequence number. Raises CorruptRecord and other StoreErrors."""
        with ExitStack() as stack:
            with self._lock:
                store_view = stack.enter_context(self._store.read())
                self._advance(store_view)
                snapshots = {id_: index.snapshot() for id_, index in self._collections.items()}
                view = IndexView(
                    store_view, self._catalog, snapshots, self, dict(self._failures), epoch=self._kept.epoch
                )
                self._open_views[view] = None
                stack.callback(self._forget, view)
            yield view

    def run(self, work: Callable[[IndexView], T]) -> T:
        """The result of `work` on a view. Where it meets a record that is damaged, that is set aside, and it runs again."""
        while True:
            try:
                with self.read() as view:
                    return work(view)
            except CorruptRecord as error:
                if not self.set_aside(error):
                    raise

    @contextmanager
    def read_as_of(self, present: IndexView, seq: int) -> Iterator[IndexView]:
        """A view of the store as it was at a sequence number, by the catalog of the view `present`, which stays open.
        Raises StoreError where the journal does not reach it."""
        store, catalog = HistoricalView(present.store, seq), present.catalog
        past = self._kept.take_past((seq, catalog.version)) or HistoricalIndexes(seq, catalog, self._folder)
        try:
            yield IndexView(store, catalog, HistoricalSnapshots(past, store), past)
        finally:
            self._kept.keep_past(past, present.epoch)

    @contextmanager
    def read_kept(self, present: IndexView, seq: int) -> Iterator[IndexView]:
        """The state that a page was read from: the same indexes where they are still there, so that ranks and scores are the
        same; else as `read_as_of`, which raises StoreError where the journal does not reach it."""
        epoch, moment = self._kept.epoch, self._kept.moment((seq, present.catalog.version))
        store = present.store if seq == present.seq else HistoricalView(present.store, seq)
        if moment is not None:
            yield IndexView(store, present.catalog, moment.snapshots, self, moment.failures, moment.text_readers, epoch)
        elif seq == present.seq:
            yield present
        else:
            with self.read_as_of(present, seq) as view:
                yield view

    def keep_moment(self, view: IndexView) -> None:
        """For `read_kept`; the least lately used are dropped."""
        self._kept.keep_moment((view.seq, view.catalog.version), view.moment, view.epoch)

    def set_aside(self, error: CorruptRecord) -> bool:
        """Leave the record that an error is of out of later views, present and past, until it is written anew or deleted.
        False where the error is not of one record, or that record was set aside before."""
        if error.place is None:
            return False
        with self._lock, self._store.read() as view:
            self._advance(view)
            index = self._collections.get(error.place[0])
            found = index is not None and index.set_aside(view, error.place[1])
            if not found and error.place in self._set_aside:
                return False
            self._set_aside.add(error.place)
        self._kept.clear()
        _log.error("a record is left out of answers: %s", error.message)
        return True

    def erase(self, versions: Mapping[int, Iterable[int]]) -> None:
        """Build the indexes of collections anew, so that nothing of these ordinals stays in them, and drop what was kept of past
        states. The store does not have them any more. Views that are open keep what they see.

        Raises OSError where the disk does not take the new files: those that had it are gone by then.
        """
        with self._store.read() as view:
            present = view.catalog.collections_by_id
            built = {id_: CollectionIndex.build(view, present[id_]) for id_ in versions if id_ in present}
            seq = view.seq
        with self._lock, self._store.read() as view:
            self._advance(view)
            changes = replay_changes(view, seq)
            for collection in self._catalog.collections.values():
                if collection.id in built and collection.id in self._collections:
                    self._collections[collection.id] = self._brought_up(view, collection, built, changes)
                if collection.id in versions:
                    self._checkpoint.forget(collection.id)
                    shutil.rmtree(self._folder / str(collection.id) / COLUMNS_NAME, ignore_errors=True)
        for id_ in versions.keys() & present.keys():
            self.text_index(id_).erase(versions[id_])
        self._kept.clear()
        self.checkpoint()

    def checkpoint(self) -> None:
        """Write columns and vectors to disk. Raises OSError where the disk is full; the former checkpoint then stays in force."""
        with self._lock:
            if self._seq is not None and not self._store.read_only:
                self._checkpoint.save(self._seq, self._collections)
                self._checkpoint_seq = self._seq

    def close(self) -> None:
        """Write a checkpoint, if the disk permits, and close all files. No view may be open."""
        self._try_checkpoint()
        with self._lock:
            texts, self._texts = self._texts, {}
            self._seq, self._collections, self._checkpoint = None, {}, Checkpoint(self._folder)
        for text in texts.values():
            text.close()
        self._kept.clear()
        self._resources.close()

    def text_index(self, collection_id: int) -> TextIndex:
        """The text index of a collection, opened on first use and shared by all present views."""
        with self._lock:
            found = self._texts.get(collection_id)
            if found is None:
                folder = self._folder / str(collection_id) / "text"
                found = self._texts[collection_id] = TextIndex(folder, partial(self._unseen, collection_id))
            return found

    def _load(self, view: ReadView) -> None:
        """From the checkpoint and the journal; from the records where that cannot be."""
        self._catalog = view.catalog
        for folder in self._folder.iterdir():  # of collections that were dropped after the last read
            if folder.name.isdigit() and int(folder.name) not in self._catalog.collections_by_id:
                shutil.rmtree(folder, ignore_errors=True)
        try:
            seq, self._collections = self._checkpoint.load(self._catalog, view.seq)
        except CheckpointAhead as ahead:
            self.lost_after = f"the indexes had reached sequence number {ahead.seq}, and the store is at {view.seq}"
            _log.error("the store lost what was written last: %s", self.lost_after)
            self._advance(view)
            return
        except InvalidIndexFile as reason:
            if view.seq:
                _log.info("columns are built from the records: %s", reason)
            self._advance(view)
            return
        self._seq = self._checkpoint_seq = seq
        self._advance(view)
        for id_, index in self._collections.items():
            known = keys_not_in_store(view, index.snapshot())
            if known or index.live_count != view.live_count(id_):  # or records that were damaged may be sound again
                self._collections[id_] = CollectionIndex.build(view, index.collection)
                self._collections[id_].name_lost(known)

    def _advance(self, view: ReadView) -> None:
        """Bring columns and vectors to the view. Where that fails midway, the next read builds from the records; where it fails
        for one collection, that one has an error in place of an index."""
        known = len(self._collections) + len(self._failures) == len(self._catalog.collections)
        if self._seq == view.seq and known and not (self._failures and time.monotonic() >= self._retry_at_s):
            return
        seq, self._seq = self._seq, None
        changes = None
        if seq is not None:
            try:
                changes = replay_changes(view, seq)
            except StoreError as reason:
                _log.warning("columns are built from the records: %s", reason)
        self._catalog = view.catalog
        present = self._collections if changes is not None else {}
        before = self._collections.keys() | self._texts.keys()
        failed = {id_: error for id_, error in self._failures.items() if changes is not None and id_ not in changes}
        if time.monotonic() >= self._retry_at_s:
            failed = {}
        self._collections, self._failures = {}, {}
        for collection in self._catalog.collections.values():
            if collection.id in failed:
                self._failures[collection.id] = failed[collection.id]
                continue
            try:
                self._collections[collection.id] = self._brought_up(view, collection, present, changes or {})
            except Exception as error:  # noqa: BLE001  # whatever it is, the other collections answer
                _log.exception("%s cannot be indexed", collection.name)
                self._failures[collection.id] = error
                self._retry_at_s = time.monotonic() + FAILED_RETRY_S
        self._dropped |= before - {collection.id for collection in self._catalog.collections.values()}
        self._seq = view.seq
        if view.seq - self._checkpoint_seq >= CHECKPOINT_INTERVAL_SEQS:
            self._try_checkpoint()

    def _brought_up(
        self,
        view: ReadView,
        collection: Collection,
        present: Mapping[int, CollectionIndex],
        changes: Mapping[int, CollectionChanges],
    ) -> CollectionIndex:
        index = present.get(collection.id)
        if index is None or (index.collection != collection and not index.change_catalog(collection)):
            return CollectionIndex.build(view, collection)
        change = changes.get(collection.id)
        if change is not None:
            index.apply(view, change.deleted, change.vectors)
        return index

    def _unseen(self, collection_id: int) -> tuple[str, Ints]:
        """The generation and list of the dead that no open view has alive."""
        with self._lock:
            index = self._collections.get(collection_id)
            if index is None:  # dropped meanwhile: views from before still read it
                known = (view.snapshots.get(collection_id) for view in self._open_views)
                dropped = next(snapshot for snapshot in known if snapshot is not None)
                return dropped.generation, np.flatnonzero(~dropped.live)
            oldest = next(iter(self._open_views), None)
            if oldest is None:
                return index.generation, index.deleted.array()
            snapshot = oldest.snapshots.get(collection_id)
            same = snapshot is not None and snapshot.generation == index.generation
            return index.generation, index.deleted.array(snapshot.dead_count if snapshot and same else 0)

    def _forget(self, view: IndexView) -> None:
        with self._lock:
            del self._open_views[view]
            view.release()
            unused = {id_ for id_ in self._dropped if not any(id_ in each.snapshots for each in self._open_views)}
            self._dropped -= unused
            texts = [text for id_ in unused if (text := self._texts.pop(id_, None)) is not None]
            for id_ in unused:
                self._checkpoint.forget(id_)
        for text in texts:
            text.close()
        for id_ in unused:
            shutil.rmtree(self._folder / str(id_), ignore_errors=True)

    def _try_checkpoint(self) -> None:
        try:
            self.checkpoint()
        except OSError as error:
            _log.warning("the indexes could not be written, and will be caught up from the journal: %s", error)


def _failed(name: str, error: Exception) -> StoreError:
    said = error.message if isinstance(error, PaasqError) else f"{type(error).__name__}: {error}"
    return StoreError(
        f"{name} cannot be indexed: {said}",
        "others answer; its records can be read, written and deleted by key, and it is tried again after a write to it",
    )
