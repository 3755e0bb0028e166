"""What reads indexes: columns, vectors and text of a store, brought to the sequence number of each view."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import RLock
from typing import TypeVar

from paasq_daemon.index.catch_up import interruptible
from paasq_daemon.index.collection_index import CollectionIndex
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.index.journal_replay import brought_up, replay_changes
from paasq_daemon.index.open_views import KeptMoments, OpenViews
from paasq_daemon.index.text_index import TextReaders
from paasq_daemon.index.time_travel import HistoricalSnapshots, KeptHistoricalIndexes
from paasq_daemon.store.historical_view import HistoricalView
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.shared_store import ReadableStore
from paasq_daemon.wire.cancellation import Check, never
from paasq_daemon.wire.errors import CorruptRecord, StoreError
from paasq_dsl.catalog import Catalog

FAILED_RETRY_S = 10.0  # until a collection that could not be indexed is tried again, where nothing is written to it

T = TypeVar("T")

_log = logging.getLogger(__name__)


class ReadableIndexes(ABC):
    """Views of all indexes of a store. Thread-safe."""

    def __init__(self, store: ReadableStore, scratch: Path) -> None:
        """What is made of past states is in folders under `scratch`."""
        self._store = store
        self._lock = RLock()
        self._seq: int | None = None  # None: nothing can be trusted, and all is to be built
        self._catalog = Catalog()
        self._collections: dict[int, CollectionIndex] = {}
        self._failures: dict[int, Exception] = {}  # of collections that have no index, by id, until they change
        self._retry_at_s = 0.0
        self._epoch = 0  # which views began before something was erased, and may not leave anything behind
        self._moments = KeptMoments()
        self._set_aside: set[tuple[int, int]] = set()  # collection and ordinal of what was damaged under a view
        self._pasts = KeptHistoricalIndexes(scratch)
        self._open_views = OpenViews()

    @abstractmethod
    def text_index(self, collection_id: int) -> TextReaders:
        """The text index of a collection, opened on first use and shared by all present views."""

    @abstractmethod
    def catch_up_text(self, name: str, snapshot: ColumnSnapshot, check: Check) -> None:
        """As IndexSource has it."""

    @abstractmethod
    def _catch_up_columns(self, check: Check) -> None:
        """Where many records are new, have them indexed before a view is opened, as long as `check` allows."""

    @abstractmethod
    def _forget(self, view: IndexView) -> None:
        """A view has ended."""

    @contextmanager
    def read(self, check: Check = never) -> Iterator[IndexView]:
        """A view of store and indexes at the newest sequence number. Raises CorruptRecord and other StoreErrors. `check` is
        called often while much is indexed, which goes on where it raises; and then by the view."""
        with ExitStack() as stack:
            self._catch_up_columns(check)
            self._acquire(check)
            try:
                self._open_views.raise_if_closed()
                store_view = stack.enter_context(self._store.read())
                self._advance(store_view)
                snapshots = {id_: index.snapshot() for id_, index in self._collections.items()}
                view = IndexView(
                    store_view, self._catalog, snapshots, self,
                    failures=dict(self._failures), check=check, epoch=self._epoch,
                )  # fmt: skip
                self._open_views.add(view)
                stack.callback(self._forget, view)
            finally:
                self._lock.release()
            yield view

    def run(self, work: Callable[[IndexView], T], check: Check = never) -> T:
        """The result of `work` on a view, got as by `read`. Where it meets a record that is damaged, that is set aside, and it
        runs again."""
        while True:
            try:
                with self.read(check) as view:
                    return work(view)
            except CorruptRecord as error:
                if not self.set_aside(error):
                    raise

    @contextmanager
    def read_as_of(self, present: IndexView, seq: int) -> Iterator[IndexView]:
        """A view of the store as it was at a sequence number, by the catalog of the view `present`, which stays open.
        Raises StoreError where the journal does not reach it."""
        store, catalog = HistoricalView(present.store, seq), present.catalog
        past = self._pasts.take(seq, catalog)
        try:
            yield IndexView(store, catalog, HistoricalSnapshots(past, store), past, check=present.check)
        finally:
            if present.epoch == self._epoch:
                self._pasts.keep(past)
            else:
                past.close()

    @contextmanager
    def read_kept(self, present: IndexView, seq: int) -> Iterator[IndexView]:
        """The state that a page was read from: the same indexes where they are still there, so that ranks and scores are the
        same; else as `read_as_of`, which raises StoreError where the journal does not reach it."""
        with self._lock:
            moment, epoch = self._moments.get(seq, present.catalog.version), self._epoch
        store = present.store if seq == present.seq else HistoricalView(present.store, seq)
        if moment is not None:
            yield IndexView(
                store, present.catalog, moment.snapshots, self, failures=moment.failures,
                text_readers=moment.text_readers, check=present.check, epoch=epoch,
            )  # fmt: skip
        elif seq == present.seq:
            yield present
        else:
            with self.read_as_of(present, seq) as view:
                yield view

    def keep_moment(self, view: IndexView) -> None:
        """For `read_kept`."""
        with self._lock:
            if view.epoch == self._epoch:
                self._moments.keep(view)

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
            self._moments.clear()
        self._pasts.close()
        _log.error("a record is left out of answers: %s", error.message)
        return True

    def _acquire(self, check: Check) -> None:
        if not self._lock.acquire(blocking=False):
            interruptible(lambda seconds: self._lock.acquire(timeout=seconds), check)

    def _records_behind(self, view: ReadView) -> int:
        """How many records the columns lack, or transactions where these are more."""
        known = {} if self._seq is None else {id_: index.length for id_, index in self._collections.items()}
        records = sum(view.next_ordinal(id_) - known.get(id_, 0) for id_ in view.catalog.collections_by_id)
        return max(records, view.seq - (self._seq or 0))

    def _advance(self, view: ReadView) -> bool:
        """Bring columns and vectors to the view; False where they are there. Where that fails midway, the next read builds from
        the records; where it fails for one collection, that one has an error in place of an index."""
        known = len(self._collections) + len(self._failures) == len(self._catalog.collections)
        if self._seq == view.seq and known and not (self._failures and time.monotonic() >= self._retry_at_s):
            return False
        seq, self._seq = self._seq, None
        changes = None
        if seq is not None:
            try:
                changes = replay_changes(view, seq)
            except StoreError as reason:
                _log.warning("columns are built from the records: %s", reason)
        self._catalog = view.catalog
        present = self._collections if changes is not None else {}
        failed = {id_: error for id_, error in self._failures.items() if changes is not None and id_ not in changes}
        if time.monotonic() >= self._retry_at_s:
            failed = {}
        self._collections, self._failures = {}, {}
        for collection in self._catalog.collections.values():
            if collection.id in failed:
                self._failures[collection.id] = failed[collection.id]
                continue
            try:
                self._collections[collection.id] = brought_up(view, collection, present, changes or {})
            except Exception as error:  # noqa: BLE001  # whatever it is, the other collections answer
                _log.exception("%s cannot be indexed", collection.name)
                self._failures[collection.id] = error
                self._retry_at_s = time.monotonic() + FAILED_RETRY_S
        self._seq = view.seq
        return True
