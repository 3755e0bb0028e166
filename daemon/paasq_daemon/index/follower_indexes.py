"""Indexes of a store that another process writes and indexes: its files, and what was written since."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from paasq_daemon.index.append_files import InvalidIndexFile
from paasq_daemon.index.checkpoint import Checkpoint
from paasq_daemon.index.collection_index import CollectionIndex
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.followed_text import FollowedText, ViewOutdated
from paasq_daemon.index.index_folder import INDEX_NAME
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.index.readable_indexes import ReadableIndexes
from paasq_daemon.index.text_index import TextReaders
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.shared_store import SharedStore
from paasq_daemon.wire.cancellation import Check, never
from paasq_daemon.wire.errors import BudgetExceeded, Cancelled, PaasqError

REPLAYED_RECORDS_MAX = 500  # more are indexed once, by the process that writes, and read from its files

_VIEWS_MAX = 50  # that are tried, where records are written anew all the time

T = TypeVar("T")

_log = logging.getLogger(__name__)


class IndexBuilder(Protocol):
    """The process that writes the indexes. Raises Cancelled and BudgetExceeded where the request that waits for it ends."""

    def publish_columns(self) -> None:
        """Bring the files of columns and vectors to the newest sequence number."""
        ...

    def publish_text(self, collection_id: int) -> None:
        """Bring the files of a collection's text index to the newest sequence number."""
        ...


class FollowerIndexes(ReadableIndexes):
    """Large columns are maps of the files, which all processes share; what is newer is replayed from the journal. For one
    thread."""

    _store: SharedStore

    def __init__(self, folder: Path, store: SharedStore, builder: IndexBuilder | None, scratch: Path) -> None:
        """`builder` is None where nobody can be asked. Nothing is written into the data folder; what is made of past states is
        under `scratch`."""
        super().__init__(store, scratch)
        self._folder = folder / INDEX_NAME
        self._builder = builder
        self._texts: dict[int, FollowedText] = {}
        self._reload()

    def run(self, work: Callable[[IndexView], T], check: Check = never) -> T:
        """As in ReadableIndexes; again on a newer view where the builder has passed this one by."""
        for _ in range(_VIEWS_MAX):
            try:
                return super().run(work, check)
            except ViewOutdated:
                check()
        return super().run(work, check)

    def text_index(self, collection_id: int) -> TextReaders:
        """As in ReadableIndexes."""
        found = self._texts.get(collection_id)
        if found is None:
            assert self._builder is not None
            folder = self._folder / str(collection_id) / "text"
            publish = partial(self._builder.publish_text, collection_id)
            found = self._texts[collection_id] = FollowedText(folder, publish)
        return found

    def catch_up_text(self, name: str, snapshot: ColumnSnapshot, check: Check) -> None:
        """The other process does."""

    def advance(self) -> None:
        """Replay what is new, where it is little, so that the next view has less to do. The builder is not asked."""
        with self._store.read() as view:
            if not self._is_far_behind(view):
                self._advance(view)

    def follow(self, check: Check) -> None:
        """Bring columns and vectors to the newest sequence number. Raises as `read`."""
        if self._store.seq != self._seq:
            with self.read(check):
                pass

    def close(self) -> None:
        """No view may be open."""
        self._moments.clear()
        self._pasts.close()
        self._collections, self._texts = {}, {}

    def _catch_up_columns(self, check: Check) -> None:  # noqa: ARG002  # the builder checks for the request
        if self._builder is None:
            return  # each view does what it lacks
        with self._store.read() as view:
            is_far_behind = self._is_far_behind(view)
        if is_far_behind:
            try:
                self._builder.publish_columns()
            except (BudgetExceeded, Cancelled):
                raise
            except PaasqError as error:  # such as a full disk
                _log.warning("columns are built from the journal: %s", error.message)
            else:
                self._reload()

    def _is_far_behind(self, view: ReadView) -> bool:
        """Whether more was written than is to be replayed here, or the journal does not reach so far back."""
        if view.seq == self._seq:
            return False
        return self._records_behind(view) > REPLAYED_RECORDS_MAX or view.journal_start > (self._seq or 0) + 1

    def _reload(self) -> None:
        """From the files, where they can be read."""
        with self._store.read() as view:
            self._catalog = view.catalog
            try:
                self._seq, self._collections = Checkpoint(self._folder, trusted=True).load(view.catalog, view.seq)
            except InvalidIndexFile as reason:
                if view.seq:
                    _log.info("columns are built from the records: %s", reason)
                self._seq, self._collections = None, {}
            self._failures.clear()
            self._advance(view)
            for id_, index in self._collections.items():
                if index.live_count != view.live_count(id_):  # some were damaged when the files were written
                    self._collections[id_] = CollectionIndex.build(view, index.collection)

    def _advance(self, view: ReadView) -> bool:
        if not super()._advance(view):
            return False
        self._texts = {id_: text for id_, text in self._texts.items() if id_ in self._catalog.collections_by_id}
        return True

    def _forget(self, view: IndexView) -> None:
        self._open_views.remove(view)
