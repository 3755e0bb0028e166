"""The text index of a collection that another process writes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Self

import numpy as np
from tantivy import Index

from paasq_daemon.index.append_array import AppendArray
from paasq_daemon.index.append_files import AppendOnlyFile, FileStamp, InvalidIndexFile
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.text_documents import TextLayout
from paasq_daemon.index.text_files import HOMES_NAME, read_homes, read_text_manifest
from paasq_daemon.index.text_index import TextIndexReader, text_reader
from paasq_daemon.index.text_segments import TextSegments, TextState
from paasq_daemon.index.text_statistics import DeadTextUnreadable
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.wire.errors import StoreError

_OPEN_ATTEMPTS = 200  # while the other process puts other files in their place
_OPEN_RETRY_S = 0.005


class ViewOutdated(StoreError):
    """A record of the view died before its text was indexed: a newer view does not have it."""


class FollowedText:
    """Reads what is in the folder. For one thread."""

    def __init__(self, folder: Path, publish: Callable[[], None]) -> None:
        """`publish` has the other process bring the folder to the newest sequence number, and returns when it has."""
        self._folder = folder
        self._publish = publish
        self._segments: _FollowedSegments | None = None
        self._last: tuple[ColumnSnapshot, TextIndexReader] | None = None

    def reader(self, snapshot: ColumnSnapshot, view: ReadView) -> TextIndexReader:
        """As TextReaders has it. Where more was written since the snapshot, average lengths are those of now. Raises
        ViewOutdated where a later view is to be asked, StoreError where the files are not there."""
        if self._last is not None and self._last[0] is snapshot:
            return self._last[1]
        self._publish()
        segments = self._opened(snapshot)
        if not segments.has_all(snapshot):
            raise ViewOutdated("the records are written anew faster than their texts are indexed", "ask again")
        reader = text_reader(segments, segments.follow(snapshot, view), snapshot)
        self._last = snapshot, reader
        return reader

    def _opened(self, snapshot: ColumnSnapshot) -> _FollowedSegments:
        reason: Exception | None = None
        for _ in range(_OPEN_ATTEMPTS):
            try:
                if self._segments is None:
                    self._segments = _FollowedSegments.open(self._folder, TextLayout(snapshot.collection))
                self._segments.refresh()
            except (InvalidIndexFile, ValueError, OSError, KeyError) as error:
                self._segments, reason = None, error
                time.sleep(_OPEN_RETRY_S)
            else:
                return self._segments
        raise StoreError(f"the text index cannot be read: {reason}", "see that the disk has room") from reason


class _FollowedSegments(TextSegments):
    @classmethod
    def open(cls, folder: Path, layout: TextLayout) -> Self:
        """To be refreshed. Raises InvalidIndexFile, ValueError or OSError where it cannot be used."""
        body = read_text_manifest(folder)
        if body["languages"] != layout.languages:
            raise InvalidIndexFile("it is of other fields")
        found = cls(folder, layout, Index.open(str(folder)))
        found.generation = body["generation"]
        found._load_dead()
        return found

    def refresh(self) -> None:
        """To what its manifest says. Raises InvalidIndexFile, ValueError or OSError where that is about to change."""
        body = read_text_manifest(self.folder)
        if body["generation"] != self.generation:
            raise InvalidIndexFile("other files took their place")
        file = AppendOnlyFile.trusted(self.folder / HOMES_NAME, FileStamp(*body["homes"]))
        homes = read_homes(file, body["length"])
        self._index.reload()
        searcher = self._index.searcher()
        if searcher.num_docs != body["documents"]:
            raise InvalidIndexFile("its manifest is about to be written")
        self._searcher, self._homes = searcher, AppendArray(np.int64, homes)
        self._is_shared = bool(np.any((homes >= 0) & (homes != np.arange(len(homes)))))
        self.documents, self.seq = body["documents"], body["seq"]
        self.lengths, self.filler_lengths = Counter(body["lengths"]), Counter(body["filler_lengths"])

    def has_all(self, snapshot: ColumnSnapshot) -> bool:
        """Whether every record that is live in the snapshot has a document."""
        homes = self._homes.array()
        return len(homes) >= snapshot.length and not np.any(homes[: snapshot.length][snapshot.live] < 0)

    def follow(self, snapshot: ColumnSnapshot, view: ReadView) -> TextState:
        """The index as it answers for the snapshot."""
        with suppress(DeadTextUnreadable):  # more was written since: the statistics stay those of the last snapshot
            self.dead, self._counted = self._dead_at(snapshot, view), self._gone(snapshot)
        return self._state(snapshot, self.dead)

    def _fill(self, averages: Mapping[str, Fraction]) -> None:
        """The other process did."""

    def _commit(self) -> None:
        """Nothing is written here."""
