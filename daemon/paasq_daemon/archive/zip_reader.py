"""Reading an archive: each member is compared with its BLAKE3 in the manifest; damage is named by its file."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from lzma import LZMAError
from pathlib import Path
from typing import IO, Any
from zipfile import BadZipFile, LargeZipFile, ZipFile

import orjson
from blake3 import blake3

from paasq_daemon.archive.zip_writer import MANIFEST_NAME
from paasq_daemon.wire.errors import FormatTooNew, StoreError

ARCHIVE_FORMAT_VERSION = 1
_READ_BYTES = 1 << 20
_LINE_BYTES_MAX = 1 << 28  # of one record as JSON: bounds what a damaged archive makes this process hold
_HINT = "make the dump anew, or take another one"
# What zipfile raises of a damaged file, beside its own: offsets before the beginning, unknown methods, odd headers.
_UNREADABLE = (
    BadZipFile, LargeZipFile, zlib.error, LZMAError, struct.error, OSError, EOFError, OverflowError, NotImplementedError,
    RuntimeError, ValueError, KeyError, IndexError,
)  # fmt: skip


class ArchiveReader:
    """An archive that is open for reading. Raises StoreError where a member is damaged, missing or unknown to the manifest."""

    def __init__(self, path: Path, zip_file: ZipFile) -> None:
        self.path = path
        self._zip = zip_file
        self.manifest: dict[str, Any] = self._manifest()
        unknown = {entry.filename for entry in zip_file.infolist()} ^ {*self.manifest["files"], MANIFEST_NAME}
        if unknown:
            raise damaged(path, min(unknown), "it is not both in the archive and in its manifest")

    def lines(self, name: str) -> Iterator[Any]:
        """The JSON values of a member, a line each; damage may be found only behind the last one."""
        with self.member(name) as member:
            while line := member.readline(_LINE_BYTES_MAX):
                try:
                    value = orjson.loads(line)
                except ValueError:
                    raise damaged(self.path, name, "a line is not JSON") from None
                yield value

    @contextmanager
    def member(self, name: str) -> Iterator[MemberReader]:
        """A member to read to its end; then its size and checksum are compared."""
        try:
            known = self.manifest["files"][name]
            with self._zip.open(name) as file:
                reader = MemberReader(file)
                yield reader
                reader.read_rest()
        except _UNREADABLE as error:
            raise damaged(self.path, name, str(error) or type(error).__name__) from error
        if (reader.size, reader.digest()) != (known["bytes"], known["blake3"]):
            raise damaged(self.path, name, "its checksum does not hold")

    def _manifest(self) -> dict[str, Any]:
        try:
            manifest = orjson.loads(self._zip.read(MANIFEST_NAME))
            version = manifest["format"]
            manifest["files"].items()
        except (*_UNREADABLE, TypeError, AttributeError) as error:
            raise damaged(self.path, MANIFEST_NAME, str(error) or type(error).__name__) from error
        if not isinstance(version, int) or version > ARCHIVE_FORMAT_VERSION:
            raise FormatTooNew(
                f"{self.path} has format {version}, and this paasq knows formats up to {ARCHIVE_FORMAT_VERSION}",
                "use the paasq that wrote it, or a newer one",
            )
        return dict(manifest)


class MemberReader:
    """Bytes of a member, which go into its checksum as they are read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.size = 0
        self._file = file
        self._hash = blake3()

    def read(self, size: int = -1, /) -> bytes:
        """As many bytes as asked for, fewer at the end; all that is left for -1."""
        return self._seen(self._file.read(size))

    def readline(self, size: int) -> bytes:
        """The next line with its newline, `size` bytes at most; empty at the end."""
        return self._seen(self._file.readline(size))

    def read_rest(self) -> None:
        """Read what is left, for the checksum."""
        while self.read(_READ_BYTES):
            pass

    def digest(self) -> str:
        """The BLAKE3 of what was read, in hexadecimal."""
        return str(self._hash.hexdigest())

    def _seen(self, content: bytes) -> bytes:
        self._hash.update(content)
        self.size += len(content)
        return content


@contextmanager
def reading_archive(path: Path) -> Iterator[ArchiveReader]:
    """The archive, open for the block. Raises StoreError where it is none, or cannot be read; FormatTooNew."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read: {error.strerror or error}", "give the path of a readable file"
        ) from None
    with file:
        try:
            zip_file = ZipFile(file)
        except _UNREADABLE as error:
            raise StoreError(f"{path} is no archive, or its list of files is damaged: {error}", _HINT) from error
        with zip_file:
            yield ArchiveReader(path, zip_file)


def damaged(path: Path, name: str, why: str) -> StoreError:
    """The error for a member that is not what was written."""
    return StoreError(f"{path} is damaged: {name}: {why}", _HINT)
