"""Which process has a data folder, as others see it."""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

LOCK_NAME = "lock"
_HOLDER_BYTES_MAX = 4096


class FolderHolder(NamedTuple):
    """As the lock file names it: a daemon where `socket` is not None. `pid` is None while that is being written."""

    pid: int | None
    socket: str | None


def folder_holder(folder: Path) -> FolderHolder | None:
    """Who has the folder open for writing; None where nobody has, or there is none. Changes nothing."""
    try:
        file = os.open(folder / LOCK_NAME, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return read_holder(file)
    finally:
        os.close(file)
    return None


def read_holder(file: int) -> FolderHolder:
    """What the open lock file says."""
    holder: dict[str, Any] = {}
    with suppress(ValueError):  # it is being written
        said = json.loads(os.pread(file, _HOLDER_BYTES_MAX, 0))
        holder = said if isinstance(said, dict) else {}
    pid, socket = holder.get("pid"), holder.get("socket")
    return FolderHolder(pid if isinstance(pid, int) else None, socket if isinstance(socket, str) else None)


def has_open(pid: int, folder: Path) -> bool:
    """Whether this process has the lock file of the folder open: meanwhile the number may be another process's, or of one that is
    seen by another number here. True where the system does not tell."""
    lock, descriptors = folder / LOCK_NAME, Path(f"/proc/{pid}/fd")
    if not Path("/proc/self/fd").is_dir():
        return True
    with suppress(OSError):
        for each in descriptors.iterdir():
            with suppress(OSError):
                if each.samefile(lock):
                    return True
    return False
