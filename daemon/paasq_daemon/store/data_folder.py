"""The data folder: its lock, its format, and what it may be."""

from __future__ import annotations

import errno
import fcntl
import json
import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from paasq_daemon.store.folder_holder import LOCK_NAME, FolderHolder, read_holder
from paasq_daemon.store.layout import KNOWN_FEATURES, STORE_FORMAT_VERSION
from paasq_daemon.wire.errors import FolderInUse, FormatTooNew, StoreError

FORMAT_NAME = "format"
STORE_NAME = "store"
CHECKED_NAME = "checked"  # when the data file was read as a whole

MEND_FORMAT = (
    "restore the newest snapshot into a new folder; or, where no newer paasq has opened the store, write "
    f'{{"store_format": {STORE_FORMAT_VERSION}}} into it'
)

_log = logging.getLogger(__name__)


class FolderLock:
    """An advisory lock (flock) on a data folder, held by one process; the kernel releases it when that dies.

    The lock file names the holder: `{"pid": 4711, "socket": "/run/..."}`. A folder that is only read is locked for sharing, by a
    lock file that is there already; none is made. Where the last holder died, the file still names it, and the data file is read
    as a whole at the next start: a damaged one may be what it died of.
    """

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        """Raises FolderInUse, naming the process, and its socket where it serves one; StoreError where the lock file cannot be
        opened: it follows no symbolic link."""
        self._path = folder / LOCK_NAME
        self._file: int | None = None
        self._read_only = read_only
        how = os.O_RDONLY if read_only else os.O_RDWR | os.O_CREAT
        try:
            self._file = os.open(self._path, how | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            if read_only:
                return
            raise
        except OSError as error:
            said = "is a symbolic link" if error.errno == errno.ELOOP else f"cannot be opened: {error.strerror}"
            raise StoreError(f"{self._path} {said}", "remove it, or mend its owner and mode") from error
        try:
            fcntl.flock(self._file, (fcntl.LOCK_SH if read_only else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = read_holder(self._file)
            os.close(self._file)
            raise _in_use(folder, holder) from None
        if not read_only:
            os.fchmod(self._file, 0o600)
            if os.fstat(self._file).st_size:
                with suppress(OSError):
                    (folder / CHECKED_NAME).unlink(missing_ok=True)
        self.publish_socket(None)

    def publish_socket(self, socket: Path | None) -> None:
        """Write the socket that this process listens on into the lock file, for processes that find the folder in use."""
        if self._read_only or self._file is None:
            return
        holder = json.dumps({"pid": os.getpid(), "socket": socket and str(socket)}).encode()
        try:
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, holder, 0)
        except OSError:  # the disk is full; the lock holds all the same, and a full store must open to be emptied
            _log.warning("the lock file %s cannot be written", self._path)

    def release(self) -> None:
        """Empty the lock file and give the lock back. Call it last, after the data file is closed."""
        if self._file is None:
            return
        if not self._read_only:
            with suppress(OSError):  # the disk fails; who holds the lock is known by the lock itself
                os.ftruncate(self._file, 0)
        os.close(self._file)
        self._file = None


def is_read_only(folder: Path) -> bool:
    """Whether there is a store whose files this process cannot write, by their modes or by how the disk is mounted."""
    store = folder / STORE_NAME
    return any(path.exists() and not os.access(path, os.W_OK) for path in (folder, store, *store.glob("data.mdb")))


def require_path(folder: Path) -> None:
    """Raises StoreError where the file system can't have a folder of this name, or does not let it be looked up."""
    try:
        folder.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError) as error:  # ValueError: a null character
        why = error.strerror if isinstance(error, OSError) else error
        raise StoreError(f"{str(folder)[:100]!r} cannot be a data folder: {why}", "name another folder") from error


def prepare_folder(folder: Path) -> None:
    """Make the folder with mode 0700, or set that mode where it is empty or a data folder already.

    Raises StoreError where it is not a folder, or others may enter it and it holds other things.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            names = {entry.name for entry in folder.iterdir()}
            if names and FORMAT_NAME not in names:
                raise StoreError(
                    f"{folder} is open to other users and holds other files", "name a new folder, or `chmod 700` it"
                )
            folder.chmod(0o700)
    except OSError as error:
        raise StoreError(f"{folder} cannot be a data folder: {error.strerror}", "name another folder") from error


def read_format(folder: Path) -> int | None:
    """The format version of the store in the folder; None where it has none yet. Changes nothing.

    Raises FormatTooNew where this paasq is too old for it, StoreError where the file cannot be read.
    """
    stamp = _read_stamp(folder)
    if stamp is None:
        return None
    version, needs = stamp["store_format"], stamp.get("needs", [])
    if type(version) is not int or version < 1:
        path = folder / FORMAT_NAME
        raise StoreError(f"{path} is damaged: {str(version)[:40]!r} is not a format version", MEND_FORMAT)
    require_known(version, f"the store in {folder}")
    unknown = [str(name)[:40] for name in needs if name not in KNOWN_FEATURES] if isinstance(needs, list) else ["?"]
    if unknown:
        raise FormatTooNew(
            f"the store in {folder} has parts that this paasq does not know: {', '.join(unknown)}",
            "use the paasq that wrote it, or a newer one",
        )
    return version


def is_migrating(folder: Path) -> bool:
    """Whether the store was copied to this format and is being put in its place."""
    return bool((_read_stamp(folder) or {}).get("migrating"))


def _read_stamp(folder: Path) -> dict[str, Any] | None:
    path = folder / FORMAT_NAME
    try:
        stamp = json.loads(path.read_bytes())
        stamp["store_format"]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}", "mend its owner and mode") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StoreError(f"{path} is damaged", MEND_FORMAT) from error
    return dict(stamp)


def require_known(version: int, thing: str) -> None:
    """Raises FormatTooNew where a store format is above those that this paasq knows."""
    if version > STORE_FORMAT_VERSION:
        raise FormatTooNew(
            f"{thing} has format {version}, and this paasq knows formats up to {STORE_FORMAT_VERSION}",
            "use the paasq that wrote it, or a newer one",
        )


def write_format(folder: Path, version: int, *, migrating: bool = False) -> None:
    """Write the format version, atomically and durably, and whether the store is still being put in its place."""
    stamp = {"store_format": version} | ({"migrating": True} if migrating else {})
    write_atomically(folder / FORMAT_NAME, json.dumps(stamp).encode())


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file by rename, with mode 0600: after a power cut it has the old content or the whole new one.

    Durable when it returns (file and folder are synced).
    """
    unfinished = path.with_name(path.name + ".new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    fsync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder with mode 0700, and those above it, where there are none; its name is durable then."""
    if not folder.is_dir():
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        fsync_folder(folder.parent)


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder durable: files that were made, renamed or removed in it (fsync of the folder)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _in_use(folder: Path, holder: FolderHolder) -> FolderInUse:
    pid, socket = holder
    served = f", which serves it at {socket}" if socket else ""
    hint = f"connect to {socket}" if socket else "close that process first, or name another folder"
    return FolderInUse(f"{folder} is in use by process {pid or 'unknown'}{served}", hint)
