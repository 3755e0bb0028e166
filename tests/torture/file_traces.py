"""What is left of a canary in the files of a data folder: as bytes, within what is compressed, and in the text index's terms."""

from __future__ import annotations

import json
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import tantivy
import zstandard

from torture.canary import TERMS

_ZSTD_FRAME = zstandard.FRAME_HEADER
_ZIP = b"PK\x03\x04"


def file_traces(folder: Path, needles: Mapping[str, bytes]) -> list[str]:
    """Each file that holds one, with the names of what it holds. A page that LMDB freed and the gaps of pages are parts of their
    file like any other; so are logs and sockets' names."""
    found: list[str] = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
        name = path.relative_to(folder)
        found += [f"file {name}: {', '.join(held)}" for held in [held_in(path.read_bytes(), needles)] if held]
        found += [f"file name {name}: {word}" for word, needle in needles.items() if needle in str(name).encode()]
    for meta in sorted(folder.rglob("meta.json")):
        found += [f"text index {meta.parent.relative_to(folder)}: {trace}" for trace in _index_traces(meta.parent)]
    return found


def held_in(content: bytes, needles: Mapping[str, bytes]) -> list[str]:
    """Names of the needles in it, or in what it holds compressed."""
    parts = [content, *_decompressed(content)]
    return [name for name, needle in needles.items() if any(needle in part for part in parts)]


def _decompressed(content: bytes) -> Iterator[bytes]:
    """What begins like a frame of zstd anywhere, and the members of a ZIP archive."""
    place = content.find(_ZSTD_FRAME)
    while place >= 0:
        with suppress(zstandard.ZstdError):  # of bytes that only look like one
            yield zstandard.ZstdDecompressor().decompressobj().decompress(content[place:])
        place = content.find(_ZSTD_FRAME, place + 1)
    if content.startswith(_ZIP):
        with suppress(BadZipFile, zlib.error), ZipFile(BytesIO(content)) as archive:
            for member in archive.namelist():
                yield archive.read(member)


def _index_traces(folder: Path) -> Iterator[str]:
    """Terms that its dictionaries have, those of deleted documents among them; and files of segments that it no longer lists,
    whose terms cannot be read and so may be any."""
    meta = json.loads((folder / "meta.json").read_bytes())
    listed = {segment["segment_id"].replace("-", "") for segment in meta["segments"]}
    for path in sorted(folder.iterdir()):
        stem = path.name.partition(".")[0]
        if len(stem) == 32 and stem not in listed:
            yield f"{path.name} is of a segment that is not listed"
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(shutil.copytree(folder, Path(scratch) / "copy"))
        searcher = tantivy.Index.open(str(copy)).searcher()
        for field in (field["name"] for field in meta["schema"] if field["type"] == "text"):
            for term in TERMS:
                if searcher.terms_with_prefix(field, term, limit=1):
                    yield f"the term {term} of {field}"
