"""Writing an archive: a ZIP file that appears whole or not at all, with a BLAKE3 of each member."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import orjson
from blake3 import blake3

from paasq_daemon.store.data_folder import fsync_folder
from paasq_daemon.wire.errors import StoreError

MANIFEST_NAME = "manifest.json"
_COMPRESSION_LEVEL = 3  # three times as fast as the default, and a tenth larger


class ArchiveWriter:
    """Members are written one after the other. `files` has the size and BLAKE3 of each by its name."""

    def __init__(self, zip_file: ZipFile) -> None:
        self.files: dict[str, dict[str, Any]] = {}
        self._zip = zip_file

    @contextmanager
    def member(self, name: str, *, compressed: bool = True) -> Iterator[MemberWriter]:
        """A member to write into for the block."""
        self._zip.compression = ZIP_DEFLATED if compressed else ZIP_STORED
        with self._zip.open(name, "w", force_zip64=True) as file:
            writer = MemberWriter(cast("BinaryIO", file))
            yield writer
        self.files[name] = {"bytes": writer.size, "blake3": writer.digest()}

    def finish(self, manifest: dict[str, Any]) -> None:
        """Write the manifest, which lists the other members."""
        content = orjson.dumps(
            {**manifest, "files": self.files}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        )
        with self.member(MANIFEST_NAME) as member:
            member.write(content)


class MemberWriter:
    """Bytes go into the member, and into its checksum."""

    def __init__(self, file: BinaryIO) -> None:
        self.size = 0
        self._file = file
        self._hash = blake3()

    def write(self, content: bytes) -> None:
        """Append bytes."""
        self._hash.update(content)
        self._file.write(content)
        self.size += len(content)

    def write_line(self, value: Any) -> None:
        """Append a line of JSON."""
        self.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE))

    def digest(self) -> str:
        """The BLAKE3 of what was written, in hexadecimal."""
        return str(self._hash.hexdigest())


@contextmanager
def writing_archive(path: Path) -> Iterator[ArchiveWriter]:
    """An archive that takes the place of `path`, durably, at the end of the block; until then what was there stays.

    Raises StoreError where the file cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        descriptor = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w+b") as file:
            _claim(file, unfinished, path)
            try:
                with ZipFile(file, "w", compresslevel=_COMPRESSION_LEVEL) as zip_file:
                    yield ArchiveWriter(zip_file)
                file.flush()
                os.fsync(descriptor)
                unfinished.replace(path)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
        fsync_folder(path.parent)
    except OSError as error:
        hint = "name another file, or free some space"
        raise StoreError(f"{path} cannot be written: {error.strerror or error}", hint) from error


def _claim(file: BinaryIO, unfinished: Path, path: Path) -> None:
    """Lock the file for as long as it is open, and empty it: a kill may have left it. Raises StoreError where another process
    writes it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held = os.path.samestat(os.fstat(file.fileno()), unfinished.lstat())
    except (BlockingIOError, FileNotFoundError):
        held = False
    if not held:  # another dump has it, or has just renamed it
        raise StoreError(f"another process is writing {path}", "try again when it is done")
    os.ftruncate(file.fileno(), 0)
