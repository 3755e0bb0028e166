"""Objects: pieces of snapshots, compressed, each in a file that is named by the hash of what it holds."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import zstandard
from blake3 import blake3

from paasq_daemon.store.data_folder import fsync_folder
from paasq_daemon.wire.errors import SnapshotError

CONTENT_BYTES_MAX = 8 << 20  # of one object, uncompressed; nothing greater is ever decompressed
_STORED_BYTES_MAX = CONTENT_BYTES_MAX + (64 << 10)  # incompressible content grows a little
_LEVEL = 1
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ObjectId:
    """An object by the BLAKE3 of its file's bytes, in hexadecimal, and their count."""

    hash: str
    size_bytes: int

    def __post_init__(self) -> None:
        if not (isinstance(self.hash, str) and _HASH.fullmatch(self.hash) and isinstance(self.size_bytes, int)):
            raise SnapshotError(f"{str(self.hash)[:80]!r} is not the name of an object", "the manifest is damaged")


class ObjectStore:
    """The objects of one target folder. Their paths are made from hashes only."""

    def __init__(self, target: Path) -> None:
        self.folder = target / "objects"
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def put(self, content: bytes | bytearray) -> ObjectId:
        """Compress and write an object. Its bytes are durable when this returns, its name only after `sync`. Thread-safe."""
        stored = zstandard.ZstdCompressor(level=_LEVEL).compress(bytes(content))
        name = ObjectId(blake3(stored).hexdigest(), len(stored))
        path = self._path(name.hash)
        unfinished = path.with_suffix(".new")
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(stored)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        return name

    def sync(self) -> None:
        """Make the names of all objects written so far durable (fsync of the folder)."""
        fsync_folder(self.folder)

    def get(self, name: ObjectId) -> bytes:
        """The content. Raises SnapshotError where it is missing, changed, or longer than `CONTENT_BYTES_MAX`."""
        stored = self.read_stored(name)
        try:
            size_bytes = zstandard.get_frame_parameters(stored).content_size
            if size_bytes > CONTENT_BYTES_MAX:  # an unknown size counts as 2**64 - 1
                raise SnapshotError(f"object {name.hash} claims {size_bytes:,} bytes", "it was not written by paasq")
            return zstandard.ZstdDecompressor().decompress(stored, max_output_size=CONTENT_BYTES_MAX)
        except zstandard.ZstdError as error:
            raise SnapshotError(f"object {name.hash} cannot be decompressed ({error})", _HINT) from error

    def read_stored(self, name: ObjectId) -> bytes:
        """The bytes of the object's file, verified. Raises SnapshotError as `get` does."""
        self.check_size(name)
        stored = self._path(name.hash).read_bytes()
        if blake3(stored).hexdigest() != name.hash:
            raise SnapshotError(f"object {name.hash} was changed", _HINT)
        return stored

    def check_size(self, name: ObjectId) -> None:
        """Raises SnapshotError where the object is missing or of the wrong size."""
        try:
            size_bytes = self._path(name.hash).stat().st_size
        except OSError as error:
            raise SnapshotError(f"object {name.hash} is lost ({error.strerror})", _HINT) from error
        if size_bytes != name.size_bytes or size_bytes > _STORED_BYTES_MAX:
            raise SnapshotError(f"object {name.hash} has {size_bytes:,} bytes, not {name.size_bytes:,}", _HINT)

    def files(self) -> Iterator[Path]:
        """All files there are, those of snapshots that were never finished too."""
        return self.folder.iterdir()

    def _path(self, hash_: str) -> Path:
        return self.folder / hash_


_HINT = "this snapshot cannot be restored whole: make a new one, and look after the disk"
