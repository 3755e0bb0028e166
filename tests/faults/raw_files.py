"""Searching the files of a data folder for bytes, compressed ones too: what they say when nobody asks the store."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import zstandard
from tantivy import Index, Query

_META_NAME = "meta.json"  # of an index of Tantivy
_FRAME = b"\x28\xb5\x2f\xfd"  # begins zstd's frames
_HEADER_BYTES_MAX = 4096


def needles_of(words: Iterable[str], vectors: Iterable[list[float]]) -> list[bytes]:
    """UTF-8 of words, and of vectors the float32 of two neighbours, as given and of length 1."""
    found = [word.encode() for word in words]
    for vector in vectors:
        given = np.array(vector, np.float32)
        found += [each[:2].astype(np.float32).tobytes() for each in (given, given / np.linalg.norm(given))]
    return found


def files_with(folder: Path, needles: Iterable[bytes]) -> list[str]:
    """Which files hold which bytes, as they are or in a zstd frame."""
    found: list[str] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes()
        texts = [content]
        begins = content.find(
            _FRAME, 0, _HEADER_BYTES_MAX
        )  # of a segment of the archived journal it is behind a header
        if begins >= 0:
            texts.append(zstandard.ZstdDecompressor().decompress(content[begins:], max_output_size=1 << 28))
        found += [f"{path.relative_to(folder)}: {each!r}" for each in needles if any(each in text for text in texts)]
    return found


def texts_with(folder: Path, words: Iterable[str]) -> list[str]:
    """Which text indexes have terms of which words, deleted documents among them; Tantivy packs its terms."""
    found: list[str] = []
    for meta in sorted(folder.rglob(_META_NAME)):
        index = Index.open(str(meta.parent))
        index.reload()
        searcher, names = index.searcher(), _term_fields(meta)
        for word in words:
            found += [f"{meta.parent}: {word} in {name}" for name in names if searcher.doc_freq(name, word.lower())]
    return found


def documents(folder: Path) -> set[int]:
    """The ordinals of all text indexes in a folder."""
    found: set[int] = set()
    for meta in folder.rglob(_META_NAME):
        index = Index.open(str(meta.parent))
        index.reload()
        searcher = index.searcher()
        hits = searcher.search(Query.all_query(), max(1, searcher.num_docs), count=False).hits
        ordinals = searcher.fast_field_values("ordinal", [address for _, address in hits])
        found.update(int(each) for each in ordinals if each is not None)
    return found


def _term_fields(meta: Path) -> list[str]:
    return [field["name"] for field in json.loads(meta.read_bytes())["schema"] if field["type"] == "text"]
