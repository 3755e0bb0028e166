"""Reading the data file page by page as one transaction sees it, while others write."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Self

import lmdb

from paasq_daemon.wire.errors import StoreError

_META_PAGES = 2


class DataFileCopy:
    """The pages of the data file in order, as they were when it was opened. One thread at a time.

    Open it while no transaction is being written and with a read transaction open, which must outlive it: LMDB then never
    reuses a page that this transaction sees. Only the two meta pages change in place, so that these are read at once.
    Pages that are free at that moment may change while they are read; no one ever reads them from a restored file.
    """

    def __init__(self, path: Path, file: int, metas: bytes, size_bytes: int) -> None:
        self.file = file
        self.size_bytes = size_bytes
        self._path = path
        self._metas = metas
        self._at = 0

    @classmethod
    def open(cls, environment: lmdb.Environment, path: Path) -> Self:
        """Raises StoreError where the file cannot be read."""
        page_bytes = environment.stat()["psize"]
        size_bytes = (environment.info()["last_pgno"] + 1) * page_bytes
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            return cls(path, file, os.pread(file, _META_PAGES * page_bytes, 0), size_bytes)
        except OSError as error:
            raise _unreadable(path, error) from error

    @classmethod
    def from_json(cls, content: str) -> Self:
        """What `to_json` gave, in a process that has inherited the descriptor `file`."""
        path, file, metas, size_bytes = json.loads(content)
        return cls(Path(path), file, bytes.fromhex(metas), size_bytes)

    def to_json(self) -> str:
        """What another process reads the same pages by."""
        return json.dumps([str(self._path), self.file, self._metas.hex(), self.size_bytes])

    def read_into(self, buffer: memoryview) -> int:
        """Fill the buffer, of 128 KiB or more, and give the bytes that it holds now: 0 at the end.

        Raises StoreError where the disk fails. Free pages at the end that were never written are zeros.
        """
        count = min(len(buffer), self.size_bytes - self._at)
        done = 0
        try:
            while done < count and (got := os.preadv(self.file, [buffer[done:count]], self._at + done)):
                done += got
        except OSError as error:
            raise _unreadable(self._path, error) from error
        buffer[done:count] = bytes(count - done)
        if self._at == 0:
            buffer[: len(self._metas)] = self._metas
        self._at += count
        return count

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.file)


def _unreadable(path: Path, error: OSError) -> StoreError:
    return StoreError(f"{path} cannot be read: {error.strerror}", "mend the disk, or restore a snapshot")
