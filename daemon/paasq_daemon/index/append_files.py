"""Append-only files with checksums, and the manifest that says how many of their bytes are valid.

Bytes beyond the size in the manifest were written by a process that died before it wrote its manifest: the next append
truncates them. The manifest is replaced as a whole by a rename.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import xxhash
from numpy.typing import NDArray

from paasq_daemon.store.data_folder import fsync_folder

_CHUNK_BYTES = 1 << 22
_MAPPED_BYTES_MIN = 1 << 20


class InvalidIndexFile(Exception):  # a verdict, caught where it is mended; never seen by a user
    """A derived file that does not match its manifest. Whoever catches it rebuilds the file's content; users never see it."""


class FileStamp(NamedTuple):
    """What a manifest says of one file. `checksum` is XXH3 of 64 bits, in hexadecimal."""

    size_bytes: int
    checksum: str


class AppendOnlyFile:
    """A file that grows at its end. The checksum is kept up to date with each append, so that an append reads nothing back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size_bytes = 0
        self._hasher = xxhash.xxh3_64()

    @classmethod
    def verified(cls, path: Path, stamp: FileStamp) -> AppendOnlyFile:
        """The file, after reading and checking it. Raises InvalidIndexFile where it is missing, too short, or has
        another checksum.
        """
        file = cls(path)
        try:
            with path.open("rb") as stream:
                while file.size_bytes < stamp.size_bytes:
                    chunk = stream.read(min(_CHUNK_BYTES, stamp.size_bytes - file.size_bytes))
                    if not chunk:
                        raise InvalidIndexFile(f"{path.name} has {file.size_bytes} bytes of {stamp.size_bytes}")
                    file._hasher.update(chunk)
                    file.size_bytes += len(chunk)
        except OSError as error:
            raise InvalidIndexFile(f"{path.name} cannot be read: {error.strerror}") from error
        if file.stamp.checksum != stamp.checksum:
            raise InvalidIndexFile(f"{path.name} has another checksum than it was written with")
        return file

    @classmethod
    def trusted(cls, path: Path, stamp: FileStamp) -> AppendOnlyFile:
        """The file that another process has written or verified, for `map` alone: nothing is read here. Raises
        InvalidIndexFile where it is gone or too short."""
        file = cls(path)
        try:
            there = path.stat().st_size
        except OSError as error:
            raise InvalidIndexFile(f"{path.name} cannot be read: {error.strerror}") from error
        if there < stamp.size_bytes:
            raise InvalidIndexFile(f"{path.name} has {there} bytes of {stamp.size_bytes}")
        file.size_bytes = stamp.size_bytes
        return file

    @property
    def stamp(self) -> FileStamp:
        """Size and XXH3 checksum of what has been appended and verified, for the manifest."""
        return FileStamp(self.size_bytes, self._hasher.hexdigest())

    def append(self, arrays: Iterable[NDArray[Any]]) -> None:
        """Write the arrays' bytes at the end and fsync. Raises OSError, after which the stamp is as before."""
        hasher, size = self._hasher.copy(), self.size_bytes
        with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as stream:
            stream.truncate(size)
            stream.seek(size)
            for array in filter(len, arrays):
                raw = np.ascontiguousarray(array).view(np.uint8).data.cast("B")
                stream.write(raw)
                hasher.update(raw)
                size += len(raw)
            stream.flush()
            os.fsync(stream.fileno())
        self._hasher, self.size_bytes = hasher, size

    def map(self, dtype: np.dtype[Any]) -> NDArray[Any]:
        """The verified part of the file as a read-only array, mapped into memory where it is large: each mapping costs an open
        file, and a store has a few files for each column. Raises InvalidIndexFile where it ends in a value, or
        cannot be read.
        """
        if self.size_bytes % dtype.itemsize:
            raise InvalidIndexFile(f"{self.path.name} ends within a value")
        count = self.size_bytes // dtype.itemsize
        try:
            if self.size_bytes >= _MAPPED_BYTES_MIN:
                return np.memmap(self.path, dtype, "r", shape=(count,))
            found = np.fromfile(self.path, dtype, count)
        except OSError as error:
            raise InvalidIndexFile(f"{self.path.name} cannot be read: {error.strerror}") from error
        if len(found) < count:
            raise InvalidIndexFile(f"{self.path.name} was cut while it was read")
        found.flags.writeable = False
        return found


def write_index_manifest(path: Path, body: dict[str, Any]) -> None:
    """Replace the manifest durably: temporary name, fsync, rename, fsync of the folder."""
    raw = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    temporary = path.with_suffix(".tmp")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(xxhash.xxh3_64_hexdigest(raw).encode() + b"\n" + raw)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    fsync_folder(path.parent)


def read_index_manifest(path: Path, format_version: int) -> dict[str, Any]:
    """The manifest's body. Raises InvalidIndexFile where it is missing, damaged, or of an older or newer format."""
    try:
        checksum, _, raw = path.read_bytes().partition(b"\n")
    except OSError as error:
        raise InvalidIndexFile(f"{path.name} cannot be read: {error.strerror}") from error
    if checksum != xxhash.xxh3_64_hexdigest(raw).encode():
        raise InvalidIndexFile(f"{path.name} has another checksum than it was written with")
    body = orjson.loads(raw)
    if not isinstance(body, dict) or body.get("format") != format_version:
        raise InvalidIndexFile(f"{path.name} is not of format {format_version}")
    return body
