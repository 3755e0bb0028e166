"""The LMDB environment: how it is opened, what is checked before it is mapped, and its errors as StoreError."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import Struct

import lmdb

from paasq_daemon.store.layout import MAP_BYTES, READERS_MAX
from paasq_daemon.wire.errors import StoreError

DATA_NAME = "data.mdb"
LMDB_LOCK_NAME = "lock.mdb"

_READER_BYTES = 80  # a little more than LMDB takes for one

_META = Struct(
    "<Q2H4xII QQ 96s QQ"
)  # page number, padding, flags; magic, version; address, map; tables; last page, txn
_META_MAGIC, _META_VERSION, _META_FLAG = 0xBEEFC0DE, 1, 0x08
_PAGE_SIZES = {1 << bits for bits in range(9, 17)}
_ERRNO_LASTING = {errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EBADF}


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
            return lmdb.open(
                str(store_folder), map_size=map_bytes, max_dbs=16, max_readers=READERS_MAX, max_spare_txns=16,
                sync=sync, metasync=sync, mode=0o600, writemap=False,
            )  # fmt: skip
        except lmdb.MemoryError:  # the address space is limited; try with less
            continue
        except lmdb.Error as error:
            raise in_words(error) from error
        except OSError as error:
            raise StoreError(f"{store_folder} cannot be opened: {error.strerror}", "mend its owner and mode") from error
    raise StoreError(
        f"the system does not grant the {MAP_BYTES[-1] >> 30} GiB of address space that a store needs at least",
        "raise the limit (`ulimit -v unlimited`)",
    )


def open_readonly(store_folder: Path) -> lmdb.Environment:
    """Map the data file for reading, without a lock or a table of readers: only for inspection while no process writes."""
    return lmdb.open(str(store_folder), max_dbs=16, readonly=True, lock=False, create=False)


def truncated_bytes(data_file: Path) -> int:
    """How much shorter the file is than its header says; 0 where it is whole. Reading a missing page is a SIGBUS.

    Raises StoreError where the header is damaged or the file is no LMDB data file.
    """
    size = data_file.stat().st_size
    with data_file.open("rb") as file:
        first = file.read(_META.size)
        page_bytes, *newest = _read_meta(data_file, first)
        file.seek(page_bytes)
        second_page_bytes, *second = _read_meta(data_file, file.read(_META.size))
    if second_page_bytes != page_bytes:
        raise _damaged(data_file)
    last_page = max(newest, second, key=lambda meta: meta[1])[0]
    return max(0, (last_page + 1) * page_bytes - size)


def is_permanent_failure(error: lmdb.Error) -> bool:
    """Whether the environment must not be written to any more: the disk is full or failing, or LMDB panicked."""
    return isinstance(error, (lmdb.PanicError, lmdb.DiskError)) or error.code in _ERRNO_LASTING


def in_words(error: lmdb.Error) -> StoreError:
    """LMDB's error as one for people, with what to do about it."""
    if is_permanent_failure(error):
        return StoreError(
            f"the disk is full or failing, and nothing of this write is kept ({error})",
            "free some space or mend the disk, then open the store again",
        )
    if isinstance(error, (lmdb.MapFullError, lmdb.TxnFullError)):
        return StoreError(f"one write is too large for the store ({error})", "split it into several")
    if isinstance(error, lmdb.ReadersFullError):
        return StoreError(f"more than {READERS_MAX} reads are open at one time", "close some of them")
    return StoreError(
        f"the data file cannot be used ({error})",
        "restore a snapshot into a new folder: `paasq snapshot restore NAME FOLDER`",
    )


@contextmanager
def translating_errors() -> Iterator[None]:
    """Raises StoreError, by `in_words`, where LMDB raises an error inside the block."""
    try:
        yield
    except lmdb.Error as error:
        raise in_words(error) from error


def _allocate(reader_table: Path) -> None:
    """Give the table of readers its blocks now: LMDB maps it, and filling a hole on a full disk kills the process."""
    with reader_table.open("ab") as file:
        reader_table.chmod(0o600)
        os.posix_fallocate(file.fileno(), 0, READERS_MAX * _READER_BYTES)


def _read_meta(data_file: Path, raw: bytes) -> tuple[int, int, int]:
    """Page size, last page and transaction of one of the two meta pages."""
    if len(raw) < _META.size:
        raise _damaged(data_file)
    _, _, flags, magic, version, _, _, tables, last_page, transaction = _META.unpack(raw)
    page_bytes = int.from_bytes(tables[:4], "little")
    if (magic, version) != (_META_MAGIC, _META_VERSION) or not flags & _META_FLAG or page_bytes not in _PAGE_SIZES:
        raise _damaged(data_file)
    return page_bytes, last_page, transaction


def _damaged(data_file: Path) -> StoreError:
    return StoreError(f"the header of {data_file} is damaged", "restore the newest snapshot")
