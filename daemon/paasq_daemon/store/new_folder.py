"""Folders that are whole or absent: filled beside their place, synced, then renamed into it."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from paasq_daemon.store.data_folder import fsync_folder, make_folder, require_path
from paasq_daemon.wire.errors import StoreError


@contextmanager
def building_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, which at the end of the block is `target`, whole and durable.

    Until then it has the hidden name `.NAME.unfinished` beside it; what a kill leaves there, the next one for the same
    target removes. Raises StoreError where `target` is neither new nor empty, or another process makes it.
    """
    target = resolved(target)
    _require_empty(target)
    folder = target.with_name(f".{target.name}.unfinished")
    with _held(folder) as held:
        if not held:
            raise StoreError(f"another process is making {target}", "try again when it is done")
        try:
            _empty(folder)
            yield folder
            _sync_tree(folder)
            folder.rename(target)  # which replaces an empty folder, and no other
            fsync_folder(target.parent)
        except OSError as error:
            raise _in_words(target, error) from error


def resolved(path: Path) -> Path:
    """The absolute path without links. Raises StoreError where the file system can't have such a one."""
    require_path(path)
    return path.resolve()


@contextmanager
def scratch_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """An empty folder of this process alone, its name beginning with the prefix, removed at the end of the block.

    What killed processes left there under the same prefix is removed first. Raises StoreError where none can be made.
    """
    for left in parent.glob(prefix + "*"):
        with _held(left):
            pass
    while True:
        folder = parent / (prefix + token_hex(4))
        with _held(folder) as held:
            if held:  # else another process took it for one that was left
                yield folder
                return


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    """Whether the folder, made where it is missing, is locked (flock) for this block; removed then, unless it was renamed."""
    try:
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise _in_words(folder, error) from error
    try:
        held = _locks(descriptor) and _is_at(folder, descriptor)
        try:
            yield held
        finally:
            if held and _is_at(folder, descriptor):
                shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def _locks(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(folder.lstat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _empty(folder: Path) -> None:
    for entry in list(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _require_empty(target: Path) -> None:
    try:
        taken = target.is_symlink() or (target.exists() and (not target.is_dir() or any(target.iterdir())))
    except OSError as error:
        raise _in_words(target, error) from error
    if taken:
        raise StoreError(f"{target} is not an empty folder", "name a new folder to restore into")


def _sync_tree(folder: Path) -> None:
    for path, _, names in os.walk(folder, topdown=False):
        for name in names:
            descriptor = os.open(Path(path) / name, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        fsync_folder(Path(path))


def _in_words(folder: Path, error: OSError) -> StoreError:
    if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:
        return StoreError(f"{folder} is not an empty folder", "name a new folder to restore into")
    if error.errno == errno.EBUSY:
        return StoreError(f"{folder} is a mount point, which cannot be replaced", "name a new folder in it")
    return StoreError(f"{folder} cannot be made: {error.strerror}", "name another folder")
