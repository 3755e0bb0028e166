"""All indexes of a store, brought to the sequence number of each view that is read."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from paasq_daemon.index.append_files import InvalidIndexFile
from paasq_daemon.index.catch_up import CATCH_UP_RECORDS_MIN, CatchUp
from paasq_daemon.index.checkpoint import COLUMNS_NAME, Checkpoint, CheckpointAhead
from paasq_daemon.index.collection_index import CollectionIndex
from paasq_daemon.index.column import Ints
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.index_folder import INDEX_NAME, linked_index_folder
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.index.journal_replay import replay_changes
from paasq_daemon.index.key_comparison import keys_not_in_store
from paasq_daemon.index.readable_indexes import ReadableIndexes
from paasq_daemon.index.text_index import TextIndex
from paasq_daemon.index.text_renewal import TextRenewal
from paasq_daemon.index.time_travel import (
    HISTORICAL_PREFIX,
)
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.store import Store
from paasq_daemon.wire.cancellation import Check, never
from paasq_daemon.wire.errors import StoreError

VIEWS_WAIT_S = 10.0  # at the end, for those that are open
CHECKPOINT_INTERVAL_SEQS = 10_000  # transactions after which a read writes one, so that a start has few to replay

_log = logging.getLogger(__name__)


class Indexes(ReadableIndexes):
    """The data derived from a store: columns, vectors and text, in `<folder>/index`, of the process that has the folder. Can be
    rebuilt at any time. Thread-safe."""

    _store: Store

    def __init__(self, folder: Path, store: Store) -> None:
        """Of a store that cannot be written, what is newer than its index is built in a temporary folder."""
        self._resources = ExitStack()
        self._folder = folder / INDEX_NAME
        if store.read_only:
            self._folder = self._resources.enter_context(linked_index_folder(folder))
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{self._folder} cannot be made: {error.strerror}", "mend the disk or its mode") from error
        for left in self._folder.glob(f"{HISTORICAL_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        super().__init__(store, self._folder)
        self.lost_after: str | None = None  # in words, where the store is older than what was derived from it
        self._checkpoint = Checkpoint(self._folder)
        self._checkpoint_seq = 0
        self._texts: dict[int, TextIndex] = {}
        self.text_renewal = TextRenewal(self)
        self._dropped: set[int] = set()  # collections whose indexes stay until no open view has them
        self._catch_up = CatchUp()
        with store.read() as view:
            self._load(view)

    def reclaimable_rows(self) -> dict[int, tuple[int, int]]:
        """By collection, how many rows its files have, and how many of them are of dead records."""
        with self._lock:
            return {id_: (index.stored_rows, index.dead_rows) for id_, index in self._collections.items()}

    def compact(self, collection_ids: Iterable[int] | None = None, between: Callable[[], None] = lambda: None) -> int:
        """Build columns and vectors anew from the live records, of these collections, or where None of those in which much is
        dead; the number of collections. Reading and writing go on meanwhile; when it returns, their files hold nothing of what
        was dead when it began. Raises as `read`, what `between` raises, and OSError where the disk is full."""
        with self.read():  # which brings them up to date
            wasteful = [id_ for id_, index in self._collections.items() if index.is_wasteful]
        done = 0
        for id_ in wasteful if collection_ids is None else collection_ids:
            with self.read() as view:
                collection = view.catalog.collections_by_id.get(id_)
                built = None if collection is None else CollectionIndex.build(view.store, collection, between)
            done += built is not None and self._replace(built, view)
        if done:
            self.checkpoint()
        return done

    def erase(self, versions: Mapping[int, Iterable[int]]) -> None:
        """Build the indexes of collections anew, so that nothing of these ordinals stays in memory or files, and drop what was
        kept of past states. The store does not have them any more. Views that are open keep what they see, and leave nothing.

        Raises as `compact`: then files may still hold them.
        """
        with self._lock:
            self._epoch += 1
            self._moments.clear()
        self._pasts.close()
        for id_, ordinals in versions.items():
            if not self.compact([id_]):  # it was dropped, altered or can't be indexed: it is built when it is read next
                with self._lock:
                    self._collections.pop(id_, None)
            with self._lock:
                self._checkpoint.forget(id_)
                shutil.rmtree(self._folder / str(id_) / COLUMNS_NAME, ignore_errors=True)
            if (self._folder / str(id_)).exists():
                self.text_index(id_).erase(ordinals)
        self.checkpoint()

    def checkpoint(self) -> None:
        """Write columns and vectors to disk. Raises OSError where the disk is full; the former checkpoint then stays in force."""
        with self._lock:
            if self._seq is not None and not self._store.read_only:
                self._checkpoint.save(self._seq, self._collections)
                self._checkpoint_seq = self._seq

    def publish_columns(self, check: Check = never) -> None:
        """Bring columns and vectors in memory and in files to the newest sequence number, for processes that follow them.
        Raises as `read`, and StoreError where the disk is full."""
        with self.read(check), self._lock:
            if self._checkpoint_seq == self._seq:
                return
            try:
                self.checkpoint()
            except OSError as error:
                raise StoreError(
                    f"the indexes cannot be written: {error.strerror}", "see that the disk has room"
                ) from error

    def publish_text(self, collection_id: int, check: Check = never) -> None:
        """The same of the text of a collection, if there is one of that id."""
        with self.read(check) as view:
            snapshot = view.snapshots.get(collection_id)
            if snapshot is not None:
                self.catch_up_text(snapshot.collection.name, snapshot, check)
                self.text_index(collection_id).reader(snapshot, view.store)

    def close(self) -> None:
        """Write a checkpoint, if the disk permits, and close all files, of which none is written to any more. What is being
        indexed is waited for, views that are open for a while: then they fail."""
        self.text_renewal.stop()
        self._open_views.close(VIEWS_WAIT_S)
        self._catch_up.close()
        self._try_checkpoint()
        with self._lock:
            texts, self._texts = self._texts, {}
            self._epoch += 1  # what reads the past still removes its folder
            self._moments.clear()
            self._seq, self._collections, self._checkpoint = None, {}, Checkpoint(self._folder)
        for text in texts.values():
            text.close()
        self._pasts.close()
        self._resources.close()

    def text_index(self, collection_id: int) -> TextIndex:
        """The text index of a collection, opened on first use and shared by all present views."""
        with self._lock:
            found = self._texts.get(collection_id)
            if found is None:
                folder = self._folder / str(collection_id) / "text"
                found = self._texts[collection_id] = TextIndex(folder, partial(self._unseen, collection_id))
                if self._open_views.closed:
                    found.close()
            return found

    def catch_up_text(self, name: str, snapshot: ColumnSnapshot, check: Check) -> None:
        """As IndexSource has it."""
        id_ = snapshot.collection.id
        if check is not never and self.text_index(id_).records_behind(snapshot) >= CATCH_UP_RECORDS_MIN:
            self._catch_up.wait(id_, partial(self._bring_up_text, name), check)

    def _bring_up_text(self, name: str) -> None:
        with self.read() as view:
            snapshot = view.snapshots[view.catalog.collections[name].id]
            self.text_index(snapshot.collection.id).reader(snapshot, view.store)

    def _catch_up_columns(self, check: Check) -> None:
        """Where many records are new, wait for them to be indexed as long as `check` allows."""
        if check is never or self._seq == self._store.seq:
            return
        self._acquire(check)
        try:
            if self._seq == self._store.seq:
                return
            with self._store.read() as view:
                count = self._records_behind(view)
        finally:
            self._lock.release()
        if count >= CATCH_UP_RECORDS_MIN:
            self._catch_up.wait(None, self._advance_to_newest, check)

    def _advance_to_newest(self) -> None:
        with self._lock, self._store.read() as view:
            self._advance(view)

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

    def _advance(self, view: ReadView) -> bool:
        before = self._collections.keys() | self._texts.keys()
        if not super()._advance(view):
            return False
        self._dropped |= before - self._catalog.collections_by_id.keys()
        if view.seq - self._checkpoint_seq >= CHECKPOINT_INTERVAL_SEQS:
            self._try_checkpoint()
        return True

    def _replace(self, built: CollectionIndex, built_of: IndexView) -> bool:
        """Take a built index in, brought up from the view that it was built of. False where that cannot be."""
        with self._lock, self._store.read() as view:
            if built_of.epoch != self._epoch:
                return False
            self._advance(view)
            id_ = built.collection.id
            present = self._collections.get(id_)
            if present is None or present.collection != built.collection:
                return False  # it was dropped or altered meanwhile
            try:
                change = replay_changes(view, built_of.seq).get(id_)
            except StoreError:
                return False  # the journal was trimmed meanwhile
            if change is not None:
                built.apply(view, change.deleted, change.vectors)
            for collection_id, ordinal in self._set_aside:
                if collection_id == id_:
                    built.set_aside(view, ordinal)
            self._collections[id_] = built
            return True

    def _unseen(self, collection_id: int) -> Ints:
        with self._lock:
            return self._open_views.unseen(collection_id, self._collections.get(collection_id))

    def _forget(self, view: IndexView) -> None:
        with self._lock:
            self._open_views.remove(view)
            unused = {id_ for id_ in self._dropped if not self._open_views.have(id_)}
            self._dropped -= unused
            texts = [text for id_ in unused if (text := self._texts.pop(id_, None)) is not None]
            for id_ in unused:
                self._checkpoint.forget(id_)
            is_due = not self._store.read_only and any(text.is_due for text in self._texts.values())
        for text in texts:
            text.close()
        for id_ in unused:
            shutil.rmtree(self._folder / str(id_), ignore_errors=True)
        if is_due:
            self.text_renewal.request()

    def _try_checkpoint(self) -> None:
        try:
            self.checkpoint()
        except OSError as error:
            _log.warning("the indexes could not be written, and will be caught up from the journal: %s", error)
