"""The full-text index of one collection, brought up to date when it is used, and filled anew when much of it is dead."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Lock
from typing import NamedTuple, Protocol

import numpy as np
from tantivy import Schema, Searcher

from paasq_daemon.index.append_files import InvalidIndexFile
from paasq_daemon.index.column import Ints
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.text_documents import TextLayout, text_languages
from paasq_daemon.index.text_query import TextField, TextFieldGroup
from paasq_daemon.index.text_segments import TextSegments, TextState
from paasq_daemon.index.text_statistics import DeadTextUnreadable, LiveStatistics
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.wire.errors import StoreError

RENEWED_DEAD_SHARE = 0.2  # of the terms or documents of the live records
RENEWED_DEAD_TERMS_MIN = 4_000  # fewer are not worth half a second of a disk's work
_NEW_SUFFIX, _OLD_SUFFIX = ".new", ".old"  # of folders that exist while an index is filled anew


class TextIndexReader(NamedTuple):
    """The index for one snapshot; no later commit changes it. Fields by name, and the groups that are searched together.

    `homes` is by ordinal the document that has its texts, -1 where there is none; `owners` the live record's ordinal by
    document, -1 where there is none, or None where every document has the name of its record. `dead_documents` are of no
    live record.
    """

    searcher: Searcher
    schema: Schema
    fields: Mapping[str, TextField]
    groups: tuple[TextFieldGroup, ...]
    statistics: LiveStatistics
    homes: Ints
    owners: Ints | None
    dead_documents: Ints

    def ordinals(self, documents: Ints) -> Ints:
        """Of which records the documents are (int64): of what is not live, -1 or an ordinal that is not live."""
        if self.owners is None:
            return documents
        known = documents < len(self.owners)
        found = np.full(len(documents), -1, np.int64)
        found[known] = self.owners[documents[known]]
        return found


class TextReaders(Protocol):
    """Gives readers of one collection's text index."""

    def reader(self, snapshot: ColumnSnapshot, view: ReadView) -> TextIndexReader:
        """One that finds every record live in `snapshot`, with the statistics of these. `view` is at its sequence number."""
        ...


class TextIndex:
    """The text index of one collection in a folder. Thread-safe."""

    def __init__(self, folder: Path, unseen: Callable[[], Ints]) -> None:
        """`unseen` gives the deleted ordinals that no open view has alive."""
        self._folder = folder
        self._unseen = unseen
        self._lock = Lock()
        self._renewing = Lock()
        self._segments: TextSegments | None = None
        self._last: tuple[ColumnSnapshot, TextIndexReader] | None = None
        self._is_due = False
        self._closed = False
        self._erased: Ints = np.empty(0, np.int64)  # ordinals that no view, however old, may bring back

    @property
    def is_due(self) -> bool:
        """Whether so much of the index is dead that it should be filled anew."""
        return self._is_due

    @property
    def dead_share(self) -> float:
        """Which part of its terms is of dead records; 0 where it was not read yet."""
        segments = self._segments
        if segments is None:
            return 0.0
        return sum(segments.dead.lengths.values()) / max(1, sum(segments.lengths.values()))

    def reader(self, snapshot: ColumnSnapshot, view: ReadView) -> TextIndexReader:
        """A reader that finds every record live in `snapshot`, with the statistics of these. `view` is at its sequence
        number.

        Raises StoreError where the index cannot be written, or is closed.
        """
        with self._lock:
            self._raise_if_closed()
            if self._last is not None and self._last[0] is snapshot:
                return self._last[1]
            try:
                return self._brought_up(snapshot, view)
            except BaseException as error:
                self._let_go(keep=False)  # what was not committed is dropped with the writer
                if isinstance(error, ValueError | OSError):  # what Tantivy raises
                    raise StoreError(
                        f"the text index cannot be written: {error}", "see that the disk has room"
                    ) from error
                raise

    def records_behind(self, snapshot: ColumnSnapshot) -> int:
        """How many records of the snapshot may have to be added; all where another thread is at it."""
        if not self._lock.acquire(blocking=False):
            return snapshot.length
        try:
            segments = self._segments
            known = segments is not None and segments.layout.languages == text_languages(snapshot.collection)
            return snapshot.length - (segments.length if segments is not None and known else 0)
        finally:
            self._lock.release()

    def renew(self, snapshot: ColumnSnapshot, view: ReadView, check: Callable[[], None]) -> None:
        """Fill the index anew with what is live, beside its place, and put it there; the files of the old one go. Queries go
        on meanwhile, by the old one. The view, of the newest sequence number, is of this thread. `check` is called often, and
        may raise.

        A kill leaves the old index, or none, which the next query fills. Raises as `reader`.
        """
        with self._renewing:
            self._raise_if_closed()
            folder = self._folder.with_name(self._folder.name + _NEW_SUFFIX)
            try:
                filled = TextSegments.create(folder, TextLayout(snapshot.collection))
                try:
                    filled.advance(snapshot, view, self._left_out(), check)
                except BaseException:
                    filled.close(keep=False)
                    raise
                filled.close(keep=True)
                with self._lock:
                    self._let_go(keep=False)
                    self._replace(folder)
                    self._is_due = False
            except (ValueError, OSError) as error:
                raise StoreError(f"the text index cannot be written: {error}", "see that the disk has room") from error
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def erase(self, ordinals: Iterable[int]) -> None:
        """Remove the files, and index these records never again: the next reader fills the index without them. Searches
        that are under way keep what they have open."""
        with self._renewing, self._lock:
            self._erased = np.union1d(self._erased, np.fromiter(ordinals, np.int64))
            self._let_go(keep=False)
            for suffix in ("", _NEW_SUFFIX, _OLD_SUFFIX):
                shutil.rmtree(self._folder.with_name(self._folder.name + suffix), ignore_errors=True)

    def close(self) -> None:
        """Wait for merges, write the manifest and close the folder: nothing is written to it any more, whoever still reads."""
        with self._renewing, self._lock:
            self._closed = True
            self._let_go(keep=True)

    def _raise_if_closed(self) -> None:
        if self._closed:
            raise StoreError("the store is closed", "open it again")

    def _let_go(self, *, keep: bool) -> None:
        segments, self._segments, self._last = self._segments, None, None
        if segments is not None:
            segments.close(keep=keep)

    def _replace(self, folder: Path) -> None:
        old = self._folder.with_name(self._folder.name + _OLD_SUFFIX)
        shutil.rmtree(old, ignore_errors=True)
        if self._folder.exists():
            self._folder.rename(old)
        folder.rename(self._folder)
        shutil.rmtree(old, ignore_errors=True)

    def _brought_up(self, snapshot: ColumnSnapshot, view: ReadView) -> TextIndexReader:
        segments = self._segments or self._opened(snapshot, view)
        if segments.layout.languages != text_languages(snapshot.collection):
            self._let_go(keep=False)
            segments = self._created(snapshot)
        is_older = view.seq < segments.seq
        if is_older:
            state = segments.look_back(snapshot, view)
        else:
            if segments.is_mostly_dead(snapshot):
                self._let_go(keep=False)
                segments = self._created(snapshot)
            try:
                state = segments.advance(snapshot, view, self._left_out())
            except DeadTextUnreadable:
                self._let_go(keep=False)
                segments = self._created(snapshot)
                state = segments.advance(snapshot, view, self._left_out())
            self._is_due = segments.is_due(snapshot, RENEWED_DEAD_SHARE, RENEWED_DEAD_TERMS_MIN)
        reader = text_reader(segments, state, snapshot)
        if not is_older:
            self._last = snapshot, reader
        return reader

    def _left_out(self) -> Ints:
        """Ordinals that are not indexed."""
        return np.union1d(self._unseen(), self._erased)

    def _opened(self, snapshot: ColumnSnapshot, view: ReadView) -> TextSegments:
        for suffix in (_NEW_SUFFIX, _OLD_SUFFIX):
            if not self._renewing.locked():
                shutil.rmtree(self._folder.with_name(self._folder.name + suffix), ignore_errors=True)
        try:
            found = TextSegments.open(self._folder, TextLayout(snapshot.collection))
        except (InvalidIndexFile, ValueError, OSError, KeyError):
            return self._created(snapshot)
        if found.seq > view.seq or found.length > snapshot.length:  # of a store that lost what was written last
            return self._created(snapshot)
        self._segments = found
        return found

    def _created(self, snapshot: ColumnSnapshot) -> TextSegments:
        self._segments = TextSegments.create(self._folder, TextLayout(snapshot.collection))
        return self._segments


def text_reader(segments: TextSegments, state: TextState, snapshot: ColumnSnapshot) -> TextIndexReader:
    """Of what the segments are for the snapshot."""
    layout = TextLayout(snapshot.collection)
    statistics = LiveStatistics(state.searcher, state.records, state.documents, state.dead)
    return TextIndexReader(
        state.searcher,
        segments.schema,
        layout.fields,
        layout.groups,
        statistics,
        state.homes,
        state.owners,
        state.dead_documents,
    )
