"""The LMDB environment: how it is opened, what is checked before it is mapped, and its errors as StoreError."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb

from paasq_daemon.store.disk_space import allocate
from paasq_daemon.store.layout import MAP_BYTES, READERS_MAX
from paasq_daemon.wire.errors import StoreError

DATA_NAME = "data.mdb"
LMDB_LOCK_NAME = "lock.mdb"

_OPEN_ATTEMPTS = 50
_OPEN_RETRY_S = 0.01
_READER_BYTES = 80  # a little more than LMDB takes for one

_ERRNO_LASTING = {errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EBADF}


def open_environment(store_folder: Path, *, sync: bool) -> lmdb.Environment:
    """Map the data file, with the most address space that the system grants: growing the map later is not safe with open readers.

    Raises StoreError. `sync=False` leaves out every fsync.
    """
    try:
        _allocate(store_folder / LMDB_LOCK_NAME)
    except OSError as error:
        raise StoreError(f"{store_folder} cannot be opened: {error.strerror}", "free some space") from error
    for map_bytes in MAP_BYTES:
        try:
            return _open_mapped(store_folder, map_bytes, sync=sync)
        except lmdb.MemoryError:  # the address space is limited; try with less
            continue
        except lmdb.Error as error:
            raise in_words(error) from error
        except OSError as error:
            raise StoreError(f"{store_folder} cannot be opened: {error.strerror}", "mend its owner and mode") from error
    raise _no_address_space()


def open_readonly(store_folder: Path) -> lmdb.Environment:
    """Map the data file for reading, without a lock or a table of readers: only for inspection while no process writes."""
    return lmdb.open(str(store_folder), max_dbs=16, readonly=True, lock=False, create=False)


def open_shared(store_folder: Path) -> lmdb.Environment:
    """Map the data file for reading, beside the process that writes it. Raises StoreError."""
    for map_bytes in MAP_BYTES:
        try:
            return lmdb.open(
                str(store_folder), map_size=map_bytes, max_dbs=16, max_readers=READERS_MAX, readonly=True, create=False
            )
        except lmdb.MemoryError:
            continue
        except lmdb.Error as error:
            raise in_words(error) from error
    raise _no_address_space()


def is_permanent_failure(error: lmdb.Error) -> bool:
    """Whether the environment must not be written to any more: the disk is full or failing, or LMDB panicked."""
    return isinstance(error, (lmdb.PanicError, lmdb.DiskError)) or error.code in _ERRNO_LASTING


def in_words(error: lmdb.Error) -> StoreError:
    """LMDB's error as one for people, with what to do about it."""
    if is_permanent_failure(error):
        return StoreError(
            f"the disk is failing, and nothing of this write is kept ({error})",
            "reads go on; look after the disk, then open the store again and run `paasq doctor` on it",
        )
    if isinstance(error, (lmdb.MapFullError, lmdb.TxnFullError)):
        return StoreError(f"one write is too large for the store ({error})", "split it into several")
    if isinstance(error, lmdb.ReadersFullError):
        return StoreError(f"more than {READERS_MAX} reads are open at one time", "close some of them")
    return StoreError(
        f"the data file cannot be used ({error})",
        "close the store, then run `paasq doctor`; `paasq doctor --repair` mends what can be",
    )


@contextmanager
def translating_errors() -> Iterator[None]:
    """Raises StoreError, by `in_words`, where LMDB raises an error inside the block."""
    try:
        yield
    except lmdb.Error as error:
        raise in_words(error) from error


def _open_mapped(store_folder: Path, map_bytes: int, *, sync: bool) -> lmdb.Environment:
    """The binding knows an environment that is open by the inodes of its files. Where another thread is closing one, its inodes
    may be those of new files already, and count as open for a moment."""
    for attempts_left in reversed(range(_OPEN_ATTEMPTS)):
        try:
            return lmdb.open(
                str(store_folder), map_size=map_bytes, max_dbs=16, max_readers=READERS_MAX, max_spare_txns=16,
                sync=sync, metasync=sync, mode=0o600, writemap=False,
            )  # fmt: skip
        except lmdb.Error as error:
            if not attempts_left or "already open in this process" not in str(error):
                raise
            time.sleep(_OPEN_RETRY_S)
    raise AssertionError("the last attempt returns or raises")


def _allocate(reader_table: Path) -> None:
    """Give the table of readers its blocks now: LMDB maps it, and filling a hole on a full disk kills the process."""
    allocate(reader_table, READERS_MAX * _READER_BYTES)


def _no_address_space() -> StoreError:
    return StoreError(
        f"the system does not grant the {MAP_BYTES[-1] >> 30} GiB of address space that a store needs at least",
        "raise the limit (`ulimit -v unlimited`)",
    )
