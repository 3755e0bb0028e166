"""The files of a text index, and the manifest that says what they are."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import xxhash
from tantivy import Index, Query

from paasq_daemon.index.analyzers import ANALYZERS_VERSION
from paasq_daemon.index.append_files import (
    AppendOnlyFile,
    FileStamp,
    InvalidIndexFile,
    read_index_manifest,
    write_index_manifest,
)
from paasq_daemon.index.column import Ints
from paasq_daemon.index.text_documents import ORDINAL
from paasq_daemon.index.text_statistics import DeadTerms

TEXT_INDEX_FORMAT_VERSION = 6
TEXT_MANIFEST_NAME = "paasq.json"
META_NAME = "meta.json"  # Tantivy's list of its segments
HOMES_NAME = "homes"  # pairs of int64: an ordinal, and the document that has its texts; of others there is none


def verified_manifest(folder: Path) -> dict[str, Any]:
    """What the index in a folder has reached. Raises InvalidIndexFile, or OSError, where its files are not exactly what it
    says."""
    body = read_text_manifest(folder)
    for name, checksum in body["files"].items():
        if file_checksum(folder / name) != checksum:
            raise InvalidIndexFile(f"{name} has another checksum than it was written with")
    return body


def read_text_manifest(folder: Path) -> dict[str, Any]:
    """As `verified_manifest`, without reading the files."""
    body = read_index_manifest(folder / TEXT_MANIFEST_NAME, TEXT_INDEX_FORMAT_VERSION)
    if body["analyzers"] != ANALYZERS_VERSION:
        raise InvalidIndexFile(f"its terms were made by analyzers {body['analyzers']}")
    return body


def indexed_ordinals(folder: Path) -> Ints:
    """The ordinals that an index in a folder has documents of, ascending. Raises ValueError where Tantivy cannot open it,
    InvalidIndexFile or OSError as `verified_manifest`."""
    body = verified_manifest(folder)
    file = AppendOnlyFile.verified(folder / HOMES_NAME, FileStamp(*body["homes"]))
    homes = read_homes(file, body["length"])
    index = Index.open(str(folder))
    index.reload()
    searcher = index.searcher()
    if not searcher.num_docs:
        return np.empty(0, np.int64)
    hits = searcher.search(Query.all_query(), searcher.num_docs, count=False).hits
    there = np.array(searcher.fast_field_values(ORDINAL, [address for _, address in hits]), np.int64)
    return np.flatnonzero(np.isin(homes, there))


def home_pairs(homes: Ints, start: int) -> Ints:
    """What the file holds of the ordinals from `start` on: (ordinal, document), where there is one."""
    ordinals = start + np.flatnonzero(homes[start:] >= 0)
    return np.column_stack([ordinals, homes[ordinals]]).ravel()


def read_homes(file: AppendOnlyFile, length: int) -> Ints:
    """By ordinal the document that has its texts, -1 where there is none. Raises InvalidIndexFile."""
    pairs = file.map(np.dtype(np.int64))
    if len(pairs) % 2 or (len(pairs) and pairs[::2].max() >= length):
        raise InvalidIndexFile(f"{HOMES_NAME} is of more records than the index")
    homes = np.full(length, -1, np.int64)
    homes[pairs[::2]] = pairs[1::2]
    return homes


def write_dead_terms(path: Path, counted: Ints, dead: DeadTerms) -> None:
    """The statistics of the documents `counted`, which are dead. Raises OSError."""
    terms = Counter[tuple[str, str]]()
    for layer in dead.layers:
        terms.update(layer)
    body = {
        "format": TEXT_INDEX_FORMAT_VERSION,
        "counted": counted.tolist(),
        "lengths": dict(dead.lengths),
        "terms": [[field, term, count] for (field, term), count in terms.items() if count],
    }
    write_index_manifest(path, body)


def read_dead_terms(path: Path) -> tuple[Ints, DeadTerms]:
    """The documents, and their statistics. Raises InvalidIndexFile."""
    body = read_index_manifest(path, TEXT_INDEX_FORMAT_VERSION)
    counted = np.array(body["counted"], np.int64)
    layer = Counter({(field, term): count for field, term, count in body["terms"]})
    return counted, DeadTerms(len(counted), Counter(body["lengths"]), (layer,))


def segment_files(folder: Path) -> list[Path]:
    """The files that the index consists of at its last commit, by what its own meta file says."""
    meta = folder / META_NAME
    names = [segment["segment_id"].replace("-", "") for segment in orjson.loads(meta.read_bytes())["segments"]]
    return sorted([meta, *(path for name in names for path in folder.glob(f"{name}.*"))])


def file_checksum(path: Path) -> str:
    """XXH3 of 64 bits, in hexadecimal."""
    hasher = xxhash.xxh3_64()
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 22):
            hasher.update(chunk)
    return hasher.hexdigest()
