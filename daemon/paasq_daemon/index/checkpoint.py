"""Columns and vectors on disk: append-only files, and one manifest that stamps them with a sequence number.

What takes the place of a file has a name of its own, and the file goes when the manifest names the other: so what a manifest
names is there as it says, for a start after a kill and for processes that read it meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.append_files import (
    AppendOnlyFile,
    FileStamp,
    InvalidIndexFile,
    read_index_manifest,
    write_index_manifest,
)
from paasq_daemon.index.collection_index import CollectionIndex, expected_columns
from paasq_daemon.index.column_builders import column_builder
from paasq_daemon.index.stored_rows import StoredPart, StoredRows
from paasq_daemon.index.vector_index import VectorIndex
from paasq_daemon.store.data_folder import fsync_folder, make_folder
from paasq_dsl.catalog import Catalog, Collection

CHECKPOINT_FORMAT_VERSION = 3
MANIFEST_NAME = "columns.json"
COLUMNS_NAME = "columns"  # the folder of each collection's files


class CheckpointAhead(InvalidIndexFile):
    """The checkpoint, at `seq`, is of transactions that the store does not have."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"the checkpoint is at {seq}, which the store has not reached")
        self.seq = seq


class Appendable(Protocol):
    """What a file of its own persists: a sequence of entries of equal size, with more of them at each checkpoint."""

    @property
    def entry_bytes(self) -> int:
        """Bytes of one entry in the file."""
        ...

    def __len__(self) -> int: ...
    def tail(self, start: int) -> Iterator[NDArray[Any]]:
        """The entries from number `start` on, as arrays in order."""
        ...


class Checkpoint:
    """The files of all collections in one folder, `<collection id>/columns/<name>.<number of the file>`."""

    def __init__(self, folder: Path, *, trusted: bool = False) -> None:
        """`trusted`: another process writes the files, and has verified them; they are mapped, and not read here."""
        self.damaged: dict[str, str] = {}  # by collection, why its files were not loaded where its fields are the same
        self._folder = folder
        self._open = AppendOnlyFile.trusted if trusted else AppendOnlyFile.verified
        self._files: dict[Path, tuple[Appendable, AppendOnlyFile]] = {}

    def save(self, seq: int, indexes: Mapping[int, CollectionIndex]) -> None:
        """Append what is new to the files, then replace the manifest. OSError leaves the former checkpoint in force."""
        collections = {str(id_): self._save_collection(index) for id_, index in indexes.items()}
        body = {"format": CHECKPOINT_FORMAT_VERSION, "seq": seq, "collections": collections}
        write_index_manifest(self._folder / MANIFEST_NAME, body)
        for id_, saved in collections.items():
            self._remove_unknown(self._columns_folder(int(id_)), {name for name, *_ in saved["files"].values()})

    def load(self, catalog: Catalog, seq: int) -> tuple[int, dict[int, CollectionIndex]]:
        """The sequence number of the checkpoint, and by id the collections whose files are valid; the others must be
        rebuilt.

        Raises InvalidIndexFile where there is no checkpoint, CheckpointAhead where it is newer than the store at `seq`.
        """
        manifest = read_index_manifest(self._folder / MANIFEST_NAME, CHECKPOINT_FORMAT_VERSION)
        if manifest["seq"] > seq:
            raise CheckpointAhead(manifest["seq"])
        indexes: dict[int, CollectionIndex] = {}
        for id_text, saved in manifest["collections"].items():
            collection = catalog.collections_by_id.get(int(id_text))
            if collection is not None:
                try:
                    indexes[collection.id] = self._load_collection(collection, saved)
                except InvalidIndexFile as reason:  # the caller builds it from the records
                    if saved["columns"] == _signatures(collection):
                        self.damaged[collection.name] = str(reason)
        return manifest["seq"], indexes

    def forget(self, collection_id: int) -> None:
        """Give up the files of a collection that was dropped; who maps them keeps what they hold."""
        folder = self._columns_folder(collection_id)
        for path in [path for path in self._files if path.parent == folder]:
            del self._files[path]

    def _save_collection(self, index: CollectionIndex) -> dict[str, Any]:
        folder = self._columns_folder(index.collection.id)
        for each in (folder.parent, folder):
            make_folder(each)
        files = {name: self._append(folder / name, source) for name, source in _sources(index).items()}
        fsync_folder(folder)
        return {
            "generation": index.generation,
            "length": index.length,
            "start": index.stored.start,
            "columns": _signatures(index.collection),
            "vectors": {str(id_): vectors.blocks.size for id_, vectors in index.vectors.items()},
            "files": {name: [file.path.name, *file.stamp] for name, file in files.items()},
        }

    def _append(self, path: Path, source: Appendable) -> AppendOnlyFile:
        kept, file = self._files.get(path, (None, None))
        same = kept == source  # of the same array
        if file is None or not same:
            file = AppendOnlyFile(path.with_name(f"{path.name}.{token_hex(4)}"))
        done = file.size_bytes // source.entry_bytes
        if len(source) > done or not same:
            try:
                file.append(source.tail(done))
            except OSError:
                if not done:  # no manifest names it
                    file.path.unlink(missing_ok=True)
                raise
        self._files[path] = source, file
        return file

    def _load_collection(self, collection: Collection, saved: Mapping[str, Any]) -> CollectionIndex:
        if saved["columns"] != _signatures(collection):
            raise InvalidIndexFile(f"{collection.name} has other fields than at the checkpoint")
        folder = self._columns_folder(collection.id)
        files = {
            name: self._open(folder / file_name, FileStamp(*stamp))
            for name, (file_name, *stamp) in saved["files"].items()
        }
        index = CollectionIndex(collection, saved["generation"])
        index.stored = StoredRows(files["rows"].map(np.dtype(np.int64)), saved["start"])
        for name, type_ in expected_columns(collection).items():
            parts = index.builders[name].parts
            loaded = {
                part: index.stored.expanded(part, files[f"{name}.{part}"].map(growing.dtype))
                for part, growing in parts.items()
            }
            index.builders[name] = column_builder(type_, loaded)
        for id_text, size in saved["vectors"].items():
            log = files[f"{id_text}.log"].map(np.dtype(np.int64))
            rows = files[f"{id_text}.rows"].map(np.dtype(np.float32)).reshape(-1, size)
            if len(log) != len(rows):
                raise InvalidIndexFile(f"{collection.name} has {len(rows)} vectors where its log has {len(log)}")
            index.vectors[int(id_text)] = VectorIndex(size, log, rows)
        index.restore(saved["length"], files["dead"].map(np.dtype(np.int64)))
        self._files.update({folder / name: (source, files[name]) for name, source in _sources(index).items()})
        return index

    def _remove_unknown(self, folder: Path, known: set[str]) -> None:
        """Files of fields that were dropped, and those that others took the place of. Who maps one keeps what it holds."""
        for path in folder.iterdir():
            if path.name not in known:
                path.unlink(missing_ok=True)
        self._files = {
            path: (source, file)
            for path, (source, file) in self._files.items()
            if path.parent != folder or file.path.name in known
        }

    def _columns_folder(self, collection_id: int) -> Path:
        return self._folder / str(collection_id) / COLUMNS_NAME


def _sources(index: CollectionIndex) -> dict[str, Appendable]:
    """What goes to disk, by the name of its file."""
    stored = index.stored
    died_before = np.empty(0, np.int64), stored.start - len(stored.kept)  # which `rows` tells
    sources: dict[str, Appendable] = {"dead": StoredPart(index.deleted, *died_before), "rows": stored.kept}
    for name, builder in index.builders.items():
        sources |= {f"{name}.{part}": stored.stored(part, growing) for part, growing in builder.parts.items()}
    for id_, vectors in index.vectors.items():
        sources |= {f"{id_}.log": vectors.log, f"{id_}.rows": vectors.blocks}
    return sources


def _signatures(collection: Collection) -> dict[str, str]:
    """What each column was built with; one that was built with something else must be built anew."""
    defaults = {str(f.id): f.default for f in collection.fields}
    return {name: f"{type_} {defaults.get(name)!r}" for name, type_ in expected_columns(collection).items()}
