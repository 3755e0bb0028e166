"""Snapshots kept in a folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paasq_daemon.snapshot.storage import (
    ANNOTATIONS,
    JOURNAL,
    MANIFESTS,
    OBJECTS,
    UNFINISHED,
    Storage,
    scratch_elsewhere,
    too_large,
)
from paasq_daemon.store.data_folder import fsync_folder, make_folder
from paasq_daemon.wire.errors import SnapshotError

_MISSING = (FileNotFoundError, NotADirectoryError)


class LocalStorage(Storage):
    """A folder, which may not exist yet: what reads makes nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unsynced: list[Path] = []

    @property
    def address(self) -> str:
        return str(self.folder)

    @property
    def scratch(self) -> Path:
        return self.folder if os.access(self.folder, os.W_OK) else scratch_elsewhere()

    def read(self, name: str, bytes_max: int) -> bytes:
        with _in_words(self.folder / name, *_MISSING), (self.folder / name).open("rb", buffering=0) as file:
            if os.fstat(file.fileno()).st_size > bytes_max:
                raise too_large(self.address, name, bytes_max)
            return file.readall()

    def exists(self, name: str) -> bool:
        with _in_words(self.folder / name):
            return (self.folder / name).exists()

    def sizes(self, folder: str) -> dict[str, int]:
        try:
            with _in_words(self.folder / folder, *_MISSING), os.scandir(self.folder / folder) as entries:
                return {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}
        except _MISSING:
            return {}

    def write(self, name: str, content: bytes) -> None:
        """As in the base class. The disk is not waited for where an object is written: until a manifest names it, it is no
        part of a snapshot, and all of them are synced at once sooner."""
        path = self.folder / name
        with _in_words(path):
            unfinished = path.with_name(path.name + UNFINISHED)
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                if path.parent.name == OBJECTS:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)  # Linux begins to write it out
                else:
                    os.fsync(file.fileno())
            unfinished.replace(path)
            if path.parent.name == OBJECTS:
                self.settle(name)

    def settle(self, name: str) -> None:
        self._unsynced.append(self.folder / name)

    def sync(self, folder: str) -> None:
        unsynced, self._unsynced = self._unsynced, []
        with _in_words(self.folder / folder):
            for path in unsynced:
                try:
                    descriptor = os.open(path, os.O_RDONLY)
                except FileNotFoundError:  # of a snapshot that failed, and pruned since
                    continue
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            fsync_folder(self.folder / folder)

    def remove(self, name: str) -> None:
        with _in_words(self.folder / name):
            (self.folder / name).unlink(missing_ok=True)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """As in the base class, by an advisory lock (flock) on the file `lock`. The folders are made."""
        with _in_words(self.folder):
            for folder in (self.folder, *(self.folder / name for name in (OBJECTS, MANIFESTS, ANNOTATIONS, JOURNAL))):
                make_folder(folder)
            lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise SnapshotError(
                f"another snapshot is being made or removed in {self.folder}", "try again when it is done"
            ) from None
        finally:
            os.close(lock)


@contextmanager
def _in_words(path: Path, *passed: type[OSError]) -> Iterator[None]:
    try:
        yield
    except passed:
        raise
    except OSError as error:
        raise SnapshotError(
            f"{path} cannot be used: {error.strerror}", "mend its owner, mode or disk, or name another folder"
        ) from error
