"""The full-text index of one collection: a Tantivy index in a folder of its own, brought up to date when it is used.

Every record is a document of its ordinal and of the terms of its text fields; no text is kept. A text field with a
language is indexed twice: its terms with positions, and its whole words, for prefixes and for completion. The terms of
several fields of one language are indexed once more, as those of one text: a word that occurs in a title and in a body
counts by what it is worth in the whole record.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
import orjson
import xxhash
from tantivy import Document, Index, IndexWriter, Query, Schema, SchemaBuilder, Searcher

from paasq_daemon.index.analyzers import ANALYZERS_VERSION, LANGUAGES, analyzer, analyzer_name
from paasq_daemon.index.append_files import InvalidIndexFile, read_index_manifest, write_index_manifest
from paasq_daemon.index.column import Ints
from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.text_query import TextField, TextFieldGroup
from paasq_daemon.index.tokenizer import tokens_for_index
from paasq_daemon.store.data_folder import make_folder
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.record import Record
from paasq_daemon.wire.errors import CorruptRecord, StoreError
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.types import TypeKind
from paasq_dsl.values import Value

TEXT_INDEX_FORMAT_VERSION = 3
ORDINAL = "ordinal"
META_NAME = "meta.json"  # Tantivy's list of its segments
TEXT_MANIFEST_NAME = "paasq.json"
_HEAP_BYTES = 64_000_000  # of the writer's buffer; taken only as it fills
_SHORT_SHARE, _SHORT_COUNTS = 3, 3  # a text a third as long as the record's longest, or shorter, counts three times
_DEAD_MAX = 10_000  # records that died and are still in the index, before they alone cause a commit
# Tantivy counts the dead in its statistics until a merge drops them. A small index is filled anew instead where a record
# died and nobody sees it any more: scores are then those of the live records alone.
RENEWED_CHARACTERS_MAX = 500_000


class TextIndexReader(NamedTuple):
    """A state of a text index that no later commit changes: its fields by name, and the groups that are searched together."""

    searcher: Searcher
    schema: Schema
    fields: Mapping[str, TextField]
    groups: tuple[TextFieldGroup, ...]


class TextIndex:
    """The text index of one collection in a folder. Thread-safe."""

    def __init__(self, folder: Path, died: Callable[[], tuple[str, Ints]]) -> None:
        """`died` gives the generation and list of deleted ordinals that no open view can see any more, in order of deletion."""
        self._folder = folder
        self._died = died
        self._lock = Lock()
        self._languages: dict[str, str | None] = {}  # by field id: what the index was made for
        self._index: Index | None = None
        self._writer: IndexWriter | None = None
        self._searcher: Searcher | None = None
        self._length = 0
        self._checksums: dict[str, str] = {}  # of the segments' files, which never change, by name
        self._dead: tuple[str, int] = ("", 0)  # the generation, and how many of its list are removed from the index
        self._erased: set[int] = set()  # ordinals that no view, however old, may bring back
        self._characters = 0  # of the texts in the index, those of the dead among them
        self._has_dead = False  # removed one by one, so that they may still be counted

    def reader(self, snapshot: ColumnSnapshot, view: ReadView) -> TextIndexReader:
        """A reader that finds every record live in `snapshot`, and maybe others. `view` is at its sequence
        number.

        Raises StoreError where the index cannot be written.
        """
        with self._lock:
            try:
                if self._index is None:
                    self._open(snapshot)
                elif self._languages != _languages(snapshot.collection):
                    self._start_anew(snapshot.collection)
                assert self._index is not None
                if self._length < snapshot.length or self._searcher is None or self._too_many_dead():
                    self._bring_up(self._index, snapshot, view)
                assert self._searcher is not None
                fields = {f.name: _text_field(f) for f in text_fields(snapshot.collection)}
                groups = tuple(_group(language, named) for language, named in _by_language(snapshot.collection))
                return TextIndexReader(self._searcher, self._index.schema, fields, groups)
            except BaseException as error:
                self._let_go()  # what was not committed is dropped with the writer
                if isinstance(error, ValueError | OSError):  # what Tantivy raises
                    raise StoreError(
                        f"the text index cannot be written: {error}", "see that the disk has room"
                    ) from error
                raise

    def erase(self, ordinals: Iterable[int]) -> None:
        """Remove the files, and index these records never again: the next reader fills the index without them. Searches
        that are under way keep what they have open."""
        with self._lock:
            self._erased.update(ordinals)
            self._remove_files()

    def close(self) -> None:
        """Wait for merges, write the manifest and close the folder."""
        with self._lock:
            if self._writer is not None:
                self._writer.wait_merging_threads()
                self._stamp()
            self._let_go()

    def _let_go(self) -> None:
        self._writer = self._searcher = self._index = None

    def _open(self, snapshot: ColumnSnapshot) -> None:
        collection = snapshot.collection
        try:
            body = verified_manifest(self._folder)
        except (InvalidIndexFile, OSError):
            return self._start_anew(collection)
        if body["languages"] != _languages(collection) or body["length"] > snapshot.length:
            return self._start_anew(collection)
        try:
            self._index = self._prepared(Index.open(str(self._folder)))
        except ValueError:
            return self._start_anew(collection)
        self._languages, self._length = body["languages"], body["length"]
        self._dead = body["generation"], body["dead"]
        self._characters, self._has_dead = body["characters"], body["has_dead"]
        return None

    def _start_anew(self, collection: Collection) -> None:
        self._remove_files()
        for folder in (self._folder.parent, self._folder):
            make_folder(folder)
        builder = SchemaBuilder().add_unsigned_field(ORDINAL, indexed=True, fast=True)
        for field in text_fields(collection):
            names = _text_field(field)
            builder.add_text_field(names.terms_name, tokenizer_name=analyzer_name(names.language))
            if names.words_name != names.terms_name:
                builder.add_text_field(names.words_name, tokenizer_name=analyzer_name(None), index_option="basic")
        for language, fields in _by_language(collection):
            if len(fields) > 1:
                name, analyzed = _whole_name(language), analyzer_name(language)
                builder.add_text_field(name, tokenizer_name=analyzed, index_option="freq")
        self._index = self._prepared(Index(builder.build(), str(self._folder)))
        self._languages, self._length, self._dead = _languages(collection), 0, ("", 0)
        self._characters, self._has_dead = 0, False

    def _remove_files(self) -> None:
        if self._writer is not None:
            self._writer.wait_merging_threads()
        self._let_go()
        self._checksums = {}
        shutil.rmtree(self._folder, ignore_errors=True)

    def _prepared(self, index: Index) -> Index:
        for language in (None, *sorted(LANGUAGES)):
            index.register_tokenizer(analyzer_name(language), analyzer(language))
        index.config_reader("manual")
        return index

    def _bring_up(self, index: Index, snapshot: ColumnSnapshot, view: ReadView) -> None:
        """Add what is new, remove what no view sees, commit once, and stamp."""
        generation, died = self._died()
        done = self._dead[1] if self._dead[0] == generation else 0
        alone = (snapshot.generation, snapshot.dead_count) == (
            generation,
            len(died),
        ) and snapshot.length >= self._length
        renewed = alone and self._is_small and (self._has_dead or len(died) > done)
        length = 0 if renewed else self._length
        fresh = sorted(set(range(length, snapshot.length)).difference(died[died >= length].tolist(), self._erased))
        changed = renewed or bool(fresh) or len(died) > done
        if changed:
            if self._writer is None:
                self._writer = index.writer(_HEAP_BYTES, 1)
            if renewed:
                self._writer.delete_all_documents()
                self._characters, self._has_dead = 0, False
            elif len(died) > done:
                self._has_dead = True
                for ordinal in died[done:].tolist():
                    self._writer.delete_documents_by_term(ORDINAL, ordinal)
            for document, characters in _documents(view, snapshot, fresh):
                self._writer.add_document(document)
                self._characters += characters
            self._writer.commit()
        self._length, self._dead = max(self._length, snapshot.length), (generation, len(died))
        index.reload()
        self._searcher = index.searcher()
        if changed:
            self._stamp()

    @property
    def _is_small(self) -> bool:
        return self._characters <= RENEWED_CHARACTERS_MAX

    def _too_many_dead(self) -> bool:
        """Should they alone be a reason to commit?"""
        if self._is_small and self._has_dead:
            return True
        generation, died = self._died()
        waiting = len(died) - (self._dead[1] if self._dead[0] == generation else 0)
        return waiting > (0 if self._is_small else _DEAD_MAX)

    def _stamp(self) -> None:
        """Write what the index has reached, with the checksums of its files.

        Where a merge changes them meanwhile, or the disk is full, there is no stamp, and a restart before the next one
        builds the index anew.
        """
        manifest = self._folder / TEXT_MANIFEST_NAME
        body = {
            "format": TEXT_INDEX_FORMAT_VERSION,
            "analyzers": ANALYZERS_VERSION,
            "languages": self._languages,
            "length": self._length,
            "generation": self._dead[0],
            "dead": self._dead[1],
            "characters": self._characters,
            "has_dead": self._has_dead,
        }
        try:
            paths = _index_files(self._folder)
            known = {path.name: self._checksums.get(path.name) or _checksum(path) for path in paths}
            self._checksums = {name: checksum for name, checksum in known.items() if name != META_NAME}
            write_index_manifest(manifest, body | {"files": known})
        except OSError:
            manifest.unlink(missing_ok=True)


def verified_manifest(folder: Path) -> dict[str, Any]:
    """What the index in a folder has reached. Raises InvalidIndexFile, or OSError, where its files are not exactly what it
    says."""
    body = read_index_manifest(folder / TEXT_MANIFEST_NAME, TEXT_INDEX_FORMAT_VERSION)
    if body["analyzers"] != ANALYZERS_VERSION:
        raise InvalidIndexFile(f"its terms were made by analyzers {body['analyzers']}")
    for name, checksum in body["files"].items():
        if _checksum(folder / name) != checksum:
            raise InvalidIndexFile(f"{name} has another checksum than it was written with")
    return body


def indexed_ordinals(folder: Path) -> Ints:
    """The ordinals that an index in a folder has documents of, ascending. Raises ValueError where Tantivy cannot open it."""
    index = Index.open(str(folder))
    index.reload()
    searcher = index.searcher()
    if not searcher.num_docs:
        return np.empty(0, np.int64)
    hits = searcher.search(Query.all_query(), searcher.num_docs, count=False).hits
    return np.unique(np.array(searcher.fast_field_values(ORDINAL, [address for _, address in hits]), np.int64))


def text_fields(collection: Collection) -> list[Field]:
    """The fields that the text index knows: text and lists of text."""
    return [f for f in collection.fields if (f.type.item or f.type).kind is TypeKind.TEXT]


def _language(field: Field) -> str | None:
    return (field.type.item or field.type).name


def _languages(collection: Collection) -> dict[str, str | None]:
    return {str(f.id): _language(f) for f in text_fields(collection)}


def _text_field(field: Field) -> TextField:
    language = _language(field)
    terms_name = f"terms{field.id}"
    return TextField(terms_name, terms_name if language is None else f"words{field.id}", language)


def _by_language(collection: Collection) -> list[tuple[str | None, list[Field]]]:
    """The text fields that are searched together, lists of text not being among them."""
    found: dict[str | None, list[Field]] = {}
    for field in collection.fields_of_kind(TypeKind.TEXT):
        found.setdefault(field.type.name, []).append(field)
    return list(found.items())


def _whole_name(language: str | None) -> str:
    return f"whole_{language or 'plain'}"


def _group(language: str | None, fields: list[Field]) -> TextFieldGroup:
    inside = tuple(_text_field(field) for field in fields)
    whole = _whole_name(language)
    return TextFieldGroup(TextField(whole, whole, language) if len(fields) > 1 else _text_field(fields[0]), inside)


def _documents(view: ReadView, snapshot: ColumnSnapshot, ordinals: list[int]) -> Iterator[tuple[Document, int]]:
    """Each with the number of characters in its texts."""
    fields = [(f, _text_field(f)) for f in text_fields(snapshot.collection)]
    groups = [(_whole_name(language), of) for language, of in _by_language(snapshot.collection) if len(of) > 1]
    for ordinal in ordinals:
        try:
            record: Record = view.record(snapshot.collection.id, ordinal)
        except CorruptRecord:
            if snapshot.live[ordinal]:
                raise
            continue  # dead and trimmed: only a view older than the trimming could have wanted it
        document, characters = Document(), 0
        document.add_unsigned(ORDINAL, ordinal)
        for field, names in fields:
            value = record.fields.get(field.id, field.default)
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str):
                    characters += len(text)
                    clean = tokens_for_index(text)
                    for name in dict.fromkeys((names.terms_name, names.words_name)):
                        document.add_text(name, clean)
        for name, of in groups:
            for text in _weighed([record.fields.get(field.id, field.default) for field in of]):
                document.add_text(name, text)
        yield document, characters


def _weighed(values: list[Value]) -> list[str]:
    """The texts, short ones several times: a title's words say more of a record than those of its body."""
    texts = [value for value in values if isinstance(value, str)]
    longest = max(map(len, texts), default=0)
    return [
        tokens_for_index(text)
        for text in texts
        for _ in range(_SHORT_COUNTS if len(text) * _SHORT_SHARE <= longest else 1)
    ]


def _index_files(folder: Path) -> list[Path]:
    """The files that the index consists of at its last commit, by what its own meta file says."""
    meta = folder / META_NAME
    segments = orjson.loads(meta.read_bytes())["segments"]
    files = [meta]
    for segment in segments:
        name, deletes = segment["segment_id"].replace("-", ""), segment["deletes"]
        removed = f"{name}.{deletes['opstamp']}.del" if deletes else None
        files += [p for p in folder.glob(f"{name}.*") if p.suffix != ".del" or p.name == removed]
    return sorted(files)


def _checksum(path: Path) -> str:
    hasher = xxhash.xxh3_64()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 22):
            hasher.update(chunk)
    return hasher.hexdigest()
