"""Room on the disk: how much a write lacks, and a reserve for what makes room."""

from __future__ import annotations

import errno
import logging
import os
import resource
import shutil
from contextlib import suppress
from pathlib import Path

from paasq_daemon.wire.errors import DiskFull

RESERVE_NAME = "reserve"
RESERVE_BYTES_MAX = 16 << 20
_DISK_SHARE = 8  # on a small disk the reserve is one part of so many
_PROBE_NAME = "probe"
_MISSING_BYTES_MIN = 4096
FULL_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_log = logging.getLogger(__name__)


class Reserve:
    """A file of allocated blocks beside the data file, given back on a full disk, so that deletes and trims can be written."""

    def __init__(self, store_folder: Path) -> None:
        self._path = store_folder / RESERVE_NAME
        self.is_kept = False

    def keep(self) -> None:
        """Allocate it, unless there is little room beside it. Never raises: a store works without."""
        try:
            disk = shutil.disk_usage(self._path.parent)
            size = min(RESERVE_BYTES_MAX, disk.total // _DISK_SHARE)
            if self._allocated_bytes() >= size:
                self.is_kept = True
            elif disk.free >= 2 * size:
                allocate(self._path, size)
                self.is_kept = True
        except OSError as error:
            self.release()
            _log.info("no reserve is kept for a full disk: %s", error.strerror)

    def release(self) -> bool:
        """Give the blocks back; False where there are none."""
        self.is_kept = False
        with suppress(OSError):
            there = self._allocated_bytes() > 0
            self._path.unlink(missing_ok=True)
            return there
        return False

    def _allocated_bytes(self) -> int:
        try:
            return self._path.lstat().st_blocks * 512
        except FileNotFoundError:
            return 0


def missing_bytes(data_file: Path, needed: int) -> int:
    """About how many bytes the disk, a quota or a limit of the process lacks, for the data file to grow by `needed`; 0 where
    there is room."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    over = data_file.stat().st_size + needed - limit if limit != resource.RLIM_INFINITY else 0
    probe = data_file.with_name(_PROBE_NAME)
    try:
        allocate(probe, needed)
    except OSError as error:
        if error.errno in FULL_DISK:
            free = shutil.disk_usage(data_file.parent).free
            return max(needed - free, over, _MISSING_BYTES_MIN)
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return max(over, 0)


def disk_full(missing: int) -> DiskFull:
    """The error of a write that lacks so many bytes."""
    return DiskFull(
        f"the disk is full: about {missing:,} bytes are missing for this write, and nothing of it is kept",
        "free some space, and write again; reads, deletes and trimming go on meanwhile",
        missing,
    )


def allocate(path: Path, size_bytes: int) -> None:
    """A file of this size for this user alone, whose blocks are allocated. Raises OSError where there is no room."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        os.posix_fallocate(descriptor, 0, size_bytes)
    finally:
        os.close(descriptor)
