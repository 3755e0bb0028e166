"""Objects: pieces of snapshots, compressed, each in a file that is named by the hash of what it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass

import zstandard
from blake3 import blake3

from paasq_daemon.snapshot.storage import OBJECTS, Storage
from paasq_daemon.wire.errors import SnapshotError

CONTENT_BYTES_MAX = 8 << 20  # of one object, uncompressed; nothing greater is ever decompressed
_STORED_BYTES_MAX = CONTENT_BYTES_MAX + (64 << 10)  # incompressible content grows a little
_LEVEL = -1  # twice as fast as 1, for 6 % more bytes of texts and vectors; a level below 0 is a faster one
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ObjectId:
    """An object by the BLAKE3 of its file's bytes, in hexadecimal, and their count."""

    hash: str
    size_bytes: int

    def __post_init__(self) -> None:
        if not (isinstance(self.hash, str) and _HASH.fullmatch(self.hash) and isinstance(self.size_bytes, int)):
            raise SnapshotError(f"{str(self.hash)[:80]!r} is not the name of an object", "the manifest is damaged")


def compress(content: bytes | bytearray) -> bytes:
    """What an object's file holds."""
    return zstandard.ZstdCompressor(level=_LEVEL).compress(content)


class ObjectStore:
    """The objects of one storage. Their names are made from hashes only."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._sizes: dict[str, int] | None = None

    def put(self, content: bytes | bytearray) -> tuple[ObjectId, bool]:
        """As `put_stored`, of what is to be compressed first."""
        return self.put_stored(compress(content))

    def put_stored(self, stored: bytes) -> tuple[ObjectId, bool]:
        """Write what `compress` gave as an object, and whether it had to be written: one that is there already, as of a
        snapshot that was cut off, is kept. Durable after `sync`. Thread-safe."""
        name = ObjectId(blake3(stored).hexdigest(), len(stored))
        if self.sizes().get(name.hash) == name.size_bytes and self._is_sound(name):
            self._storage.settle(_path(name))
            return name, False
        self._storage.write(_path(name), stored)
        return name, True

    def sync(self) -> None:
        """Make the names of all objects written so far durable."""
        self._storage.sync(OBJECTS)

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
        try:
            stored = self._storage.read(_path(name), _STORED_BYTES_MAX)
        except (FileNotFoundError, NotADirectoryError):
            raise _lost(name) from None
        _require_size(name, len(stored))
        if blake3(stored).hexdigest() != name.hash:
            raise SnapshotError(f"object {name.hash} was changed", _HINT)
        return stored

    def check_size(self, name: ObjectId) -> None:
        """Raises SnapshotError where the object is missing or of the wrong size, by one listing of all objects."""
        found = self.sizes().get(name.hash)
        if found is None:
            raise _lost(name)
        _require_size(name, found)

    def sizes(self) -> dict[str, int]:
        """The bytes of all files there were when this was first asked, by hash; those of unfinished snapshots too."""
        if self._sizes is None:
            self._sizes = self._storage.sizes(OBJECTS)
        return self._sizes

    def _is_sound(self, name: ObjectId) -> bool:
        try:
            self.read_stored(name)
        except SnapshotError:
            return False
        return True


def _path(name: ObjectId) -> str:
    return f"{OBJECTS}/{name.hash}"


def _require_size(name: ObjectId, size_bytes: int) -> None:
    if size_bytes != name.size_bytes or size_bytes > _STORED_BYTES_MAX:
        raise SnapshotError(f"object {name.hash} has {size_bytes:,} bytes, not {name.size_bytes:,}", _HINT)


def _lost(name: ObjectId) -> SnapshotError:
    return SnapshotError(f"object {name.hash} is lost", _HINT)


_HINT = "this snapshot cannot be restored whole: make a new one, and look after the disk"
