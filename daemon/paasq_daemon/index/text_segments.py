"""A Tantivy index in a folder of its own, with what it has reached.

A document is named by the ordinal of the record that it was made for. A later version of the record with the same texts has
the same document; `homes` says by ordinal which one. Documents are only added: Tantivy estimates the length of its fields
after it merged deletions away, and scores are to be exact. The texts of the dead leave when the index is filled anew.

A stamp of all files is written at each commit; where it does not fit, or there is none, the index is filled anew.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import numpy as np
from tantivy import Index, IndexWriter, Schema, Searcher

from paasq_daemon.index.analyzers import ANALYZERS_VERSION, LANGUAGES, analyzer, analyzer_name
from paasq_daemon.index.append_array import AppendArray
from paasq_daemon.index.append_files import (
    AppendOnlyFile,
    FileStamp,
    InvalidIndexFile,
    write_index_manifest,
)
from paasq_daemon.index.column import Ints
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.text_documents import DocumentTerms, TextLayout
from paasq_daemon.index.text_files import (
    HOMES_NAME,
    META_NAME,
    TEXT_INDEX_FORMAT_VERSION,
    TEXT_MANIFEST_NAME,
    file_checksum,
    home_pairs,
    read_dead_terms,
    read_homes,
    segment_files,
    verified_manifest,
    write_dead_terms,
)
from paasq_daemon.index.text_statistics import (
    DeadTerms,
    DeadTextUnreadable,
    average_length,
    filler_document,
    filler_documents,
    measured_average,
)
from paasq_daemon.store.data_folder import make_folder
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.record import Record
from paasq_daemon.wire.cancellation import Check, never
from paasq_daemon.wire.errors import CorruptRecord

_DEAD_NAME = "dead.json"  # statistics of the documents that are dead
_HEAP_BYTES = 64_000_000  # of the writer's buffer; taken only as it fills
# New texts whose terms are counted here; to learn Tantivy's count of more costs a commit.
_ANALYZED_MAX, _ANALYZED_CHARACTERS_MAX = 256, 100_000
_RECENT_TERMS_MAX = 100_000  # of new documents, kept for views that are older than they
_DEAD_UNSAVED_SHARE, _DEAD_UNSAVED_MIN = 8, 64  # an eighth more of them are saved; a start counts the others anew


class TextState(NamedTuple):
    """The index as it answers for one snapshot: `dead` are documents of records that are not live there."""

    searcher: Searcher
    documents: int
    records: int
    dead: DeadTerms
    owners: Ints | None  # by document, the ordinal of the live record that it is of, -1 where none; None: its own name
    homes: Ints
    dead_documents: Ints  # ascending


class TextSegments:
    """Not thread-safe; a `TextState` is of any thread."""

    def __init__(self, folder: Path, layout: TextLayout, index: Index) -> None:
        self.folder = folder
        self.layout = layout
        self.documents = 0  # fillers among them
        self.lengths = Counter[str]()  # terms by scored field, without those of fillers
        self.filler_lengths = Counter[str]()
        self.dead = DeadTerms()
        self.seq = 0  # of the newest view that it was brought to
        self.generation = uuid4().hex  # of its files, for those that follow them
        self._index = index
        for language in (None, *sorted(LANGUAGES)):
            index.register_tokenizer(analyzer_name(language), analyzer(language))
        index.config_reader("manual")
        self._writer: IndexWriter | None = None
        self._is_written = False  # what is to be committed
        self._searcher: Searcher | None = None
        self._homes = AppendArray(np.int64)
        self._homes_file = AppendOnlyFile(folder / HOMES_NAME)
        self._saved_homes = 0  # ordinals below it are in the file
        self._is_shared = False  # whether a document is of several ordinals
        self._counted: Ints = np.empty(0, np.int64)  # documents in `dead`, ascending
        self._saved_dead = 0
        self._recent: dict[int, DocumentTerms] = {}
        self._checksums: dict[str, str] = {}  # of the segments' files, which never change, by name

    @classmethod
    def create(cls, folder: Path, layout: TextLayout) -> TextSegments:
        """An empty index in place of what the folder has."""
        shutil.rmtree(folder, ignore_errors=True)
        for each in (folder.parent, folder):
            make_folder(each)
        return cls(folder, layout, Index(layout.schema(), str(folder)))

    @classmethod
    def open(cls, folder: Path, layout: TextLayout) -> TextSegments:
        """As it was stamped. Raises InvalidIndexFile, ValueError or OSError where it cannot be used."""
        body = verified_manifest(folder)
        if body["languages"] != layout.languages:
            raise InvalidIndexFile("it is of other fields")
        found = cls(folder, layout, Index.open(str(folder)))
        found.documents, found.seq, found.generation = body["documents"], body["seq"], body["generation"]
        found.lengths.update(body["lengths"])
        found.filler_lengths.update(body["filler_lengths"])
        path = folder / HOMES_NAME
        if path.is_symlink():  # of a store that cannot be written
            raw = path.read_bytes()
            path.unlink()
            path.write_bytes(raw)
        found._homes_file = AppendOnlyFile.verified(path, FileStamp(*body["homes"]))
        homes = read_homes(found._homes_file, body["length"])
        found._homes, found._saved_homes = AppendArray(np.int64, homes), len(homes)
        found._is_shared = bool(np.any((homes >= 0) & (homes != np.arange(len(homes)))))
        found._load_dead()
        return found

    @property
    def schema(self) -> Schema:
        """Of the index, for queries."""
        return self._index.schema

    @property
    def length(self) -> int:
        """Ordinals below it are in the index, or were dead when they were looked at."""
        return len(self._homes)

    def is_mostly_dead(self, snapshot: ColumnSnapshot) -> bool:
        """Is it less work to fill it anew than to count what died?"""
        gone = np.setdiff1d(self._gone(snapshot), self._counted, assume_unique=True)
        return 2 * len(gone) > snapshot.live_count

    def advance(self, snapshot: ColumnSnapshot, view: ReadView, unseen: Ints, check: Check = never) -> TextState:
        """Bring the index to a snapshot that is not older. `unseen` are the dead that no open view has alive. `check` is called
        before each record that is added, and may raise.

        Raises DeadTextUnreadable, CorruptRecord, and what Tantivy raises.
        """
        before = np.setdiff1d(self._gone(snapshot), self._counted, assume_unique=True)
        known = self._texts_of(view, snapshot, before) if snapshot.length > self.length else {}
        fresh = np.setdiff1d(np.arange(self.length, snapshot.length), unseen)
        is_few = len(fresh) <= _ANALYZED_MAX
        lengths = self._add(snapshot, view, fresh.tolist(), known, check, is_few=is_few)
        self.dead = self._dead_at(snapshot, view)
        self._counted = self._gone(snapshot)
        if lengths is None:
            self._commit()
            self.lengths = self._measured()
        else:
            self.lengths.update(lengths)
        state = self._state(snapshot, self.dead)
        self.seq = view.seq
        self._stamp()
        return state

    def look_back(self, snapshot: ColumnSnapshot, view: ReadView) -> TextState:
        """For a snapshot that is older than the index. Where documents were added in bulk since, that cannot be told from it,
        the statistics are those of the index."""
        try:
            dead = self._dead_at(snapshot, view)
        except DeadTextUnreadable:
            dead = self.dead
        before = self.documents
        state = self._state(snapshot, dead)
        if self.documents > before:
            self._stamp()
        return state

    def is_due(self, snapshot: ColumnSnapshot, share: float, tokens_min: int) -> bool:
        """Whether the dead have more than a share of the terms or of the documents of the live, or fillers are as many."""
        dead, live = sum(self.dead.lengths.values()), sum(self.lengths.values())
        if dead > share * (live - dead) + tokens_min:
            return True
        fillers = self.documents - len(np.unique(self._homes.array()))
        return max(self.dead.documents, fillers // 4) > share * snapshot.live_count + tokens_min // 16

    def close(self, *, keep: bool) -> None:
        """Wait for merges; `keep`: and write the stamp of what they left."""
        if self._writer is not None:
            with suppress(ValueError):  # of a writer that failed
                self._writer.wait_merging_threads()
            self._writer = None
            if keep:
                self._stamp()
        if keep and len(self._counted) != self._saved_dead:
            self._save_dead()

    def _gone(self, snapshot: ColumnSnapshot) -> Ints:
        """The documents that no live record of the snapshot has, ascending."""
        homes = self._homes.array()
        gone = homes == np.arange(len(homes))
        end = min(len(homes), snapshot.length)
        alive = homes[:end][snapshot.live[:end]]
        gone[alive[alive >= 0]] = False
        return np.flatnonzero(gone)

    def _last_records(self, view: ReadView, snapshot: ColumnSnapshot, documents: Ints) -> Iterator[tuple[int, Record]]:
        """Of each document the newest record that it is of."""
        owners: Ints = documents
        if self._is_shared:
            homes = self._homes.array(min(self.length, snapshot.length))
            last = np.arange(self.length)
            shared = np.flatnonzero(homes >= 0)
            last[homes[shared]] = shared
            owners = last[documents]
        try:
            records = view.records(snapshot.collection.id, owners.tolist())
            yield from zip(documents.tolist(), records, strict=True)
        except CorruptRecord as error:
            raise DeadTextUnreadable(error.message) from error

    def _texts_of(self, view: ReadView, snapshot: ColumnSnapshot, documents: Ints) -> dict[str, tuple[bytes, int]]:
        """By key, a digest of the texts and the document: a key has one live record at a time."""
        records = self._last_records(view, snapshot, documents)
        return {record.key: (self.layout.digest(record), document) for document, record in records}

    def _add(
        self,
        snapshot: ColumnSnapshot,
        view: ReadView,
        fresh: Iterable[int],
        known: dict[str, tuple[bytes, int]],
        check: Check,
        *,
        is_few: bool,
    ) -> Counter[str] | None:
        """Add what is new. How many terms that was by field; None where it is too much to be counted here."""
        start = self.length
        homes = np.full(snapshot.length - start, -1, np.int64)
        lengths, characters = Counter[str](), 0 if is_few else _ANALYZED_CHARACTERS_MAX + 1
        for ordinal in fresh:
            check()
            try:
                record = view.record(snapshot.collection.id, ordinal)
            except CorruptRecord:
                if snapshot.live[ordinal]:
                    raise
                continue  # dead and trimmed: only a view older than the trimming could have wanted it
            former = known.get(record.key)
            if former is not None:
                digest = self.layout.digest(record)
                if former[0] == digest:
                    homes[ordinal - start] = former[1]
                    self._is_shared = True
                    continue
                known[record.key] = digest, ordinal
            homes[ordinal - start] = ordinal
            self._write().add_document(self.layout.document(record))
            self.documents += 1
            if characters <= _ANALYZED_CHARACTERS_MAX:
                characters += self.layout.character_count(record)
            if characters <= _ANALYZED_CHARACTERS_MAX:
                self._recent[ordinal] = terms = self.layout.terms(record)
                lengths.update(terms.lengths)
        self._homes.extend(homes)
        while sum(len(each.terms) for each in self._recent.values()) > _RECENT_TERMS_MAX:
            del self._recent[next(iter(self._recent))]
        return lengths if characters <= _ANALYZED_CHARACTERS_MAX else None

    def _dead_at(self, snapshot: ColumnSnapshot, view: ReadView) -> DeadTerms:
        gone = self._gone(snapshot)
        added = np.setdiff1d(gone, self._counted, assume_unique=True)
        removed = np.setdiff1d(self._counted, gone, assume_unique=True)
        return self.dead.with_documents(self._terms(view, snapshot, added), self._terms(view, snapshot, removed))

    def _terms(self, view: ReadView, snapshot: ColumnSnapshot, documents: Ints) -> Iterator[DocumentTerms]:
        yield from (self._recent[document] for document in documents.tolist() if document in self._recent)
        others = np.array([document for document in documents.tolist() if document not in self._recent], np.int64)
        yield from (self.layout.terms(record) for _, record in self._last_records(view, snapshot, others))

    def _state(self, snapshot: ColumnSnapshot, dead: DeadTerms) -> TextState:
        """After fillers, where the average lengths need them."""
        homes = self._homes.array()
        end = min(len(homes), snapshot.length)
        live = np.flatnonzero(snapshot.live[:end] & (homes[:end] >= 0))
        averages = {
            name: average_length(self.lengths[name] - dead.lengths.get(name, 0), len(live))
            for name in self.layout.scored
        }
        if len(live) and averages:
            self._fill(averages)
        self._commit()
        assert self._searcher is not None
        owners: Ints | None = None
        if self._is_shared:
            owners = np.full(len(homes), -1, np.int64)
            owners[homes[live]] = live
        return TextState(self._searcher, self.documents, len(live), dead, owners, homes, self._gone(snapshot))

    def _fill(self, averages: Mapping[str, Fraction]) -> None:
        """Bring Tantivy's average lengths to these."""
        found, lengths = filler_documents(self.documents, self.lengths + self.filler_lengths, averages)
        for filler in found:
            self._write().add_document(filler)
        self.documents += len(found)
        self.filler_lengths.update(lengths)

    def _write(self) -> IndexWriter:
        """The writer, of which something is to be committed."""
        if self._writer is None:
            self._writer = self._index.writer(_HEAP_BYTES, 1)
        self._is_written = True
        return self._writer

    def _commit(self) -> None:
        if self._is_written:
            self._write().commit()
            self._is_written = False
            self._searcher = None
        if self._searcher is None:
            self._index.reload()
            self._searcher = self._index.searcher()

    def _measured(self) -> Counter[str]:
        """The terms by scored field as Tantivy counts them, to as many digits as its scores do."""
        names = list(self.layout.scored)
        if not self.filler_lengths:  # one is needed to ask by
            self.filler_lengths = Counter(dict.fromkeys(names, 1))
            self._write().add_document(filler_document(self.filler_lengths))
            self.documents += 1
            self._commit()
        assert self._searcher is not None
        lengths = Counter[str]()
        for name in names:
            average = measured_average(self._searcher, self.schema, name)
            lengths[name] = round(average * self.documents) - self.filler_lengths[name]
        return lengths

    def _stamp(self) -> None:
        """Write what the index has reached, with the checksums of its files.

        Where a merge changes them meanwhile, or the disk is full, there is no stamp, and a restart before the next one
        builds the index anew.
        """
        manifest = self.folder / TEXT_MANIFEST_NAME
        try:
            self._homes_file.append([home_pairs(self._homes.array(), self._saved_homes)])
            self._saved_homes = self.length
            paths = segment_files(self.folder)
            known = {path.name: self._checksums.get(path.name) or file_checksum(path) for path in paths}
            self._checksums = {name: checksum for name, checksum in known.items() if name != META_NAME}
            body = {
                "format": TEXT_INDEX_FORMAT_VERSION,
                "generation": self.generation,
                "analyzers": ANALYZERS_VERSION,
                "languages": self.layout.languages,
                "length": self.length,
                "seq": self.seq,
                "documents": self.documents,
                "lengths": self.lengths,
                "filler_lengths": self.filler_lengths,
                "homes": list(self._homes_file.stamp),
                "files": known,
            }
            write_index_manifest(manifest, body)
            unsaved = abs(len(self._counted) - self._saved_dead)
            if unsaved > _DEAD_UNSAVED_MIN + self._saved_dead // _DEAD_UNSAVED_SHARE:
                self._save_dead()
        except OSError:
            with suppress(OSError):  # an old one that stays names other checksums, and is not believed
                manifest.unlink(missing_ok=True)

    def _save_dead(self) -> None:
        write_dead_terms(self.folder / _DEAD_NAME, self._counted, self.dead)
        self._saved_dead = len(self._counted)

    def _load_dead(self) -> None:
        """What is not there is counted anew from the records."""
        with suppress(InvalidIndexFile):
            self._counted, self.dead = read_dead_terms(self.folder / _DEAD_NAME)
            self._saved_dead = len(self._counted)
