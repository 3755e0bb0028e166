"""The LMDB environment: how it is opened, what is checked before it is mapped, and its errors as StoreError."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import Struct
from typing import BinaryIO, NamedTuple

import lmdb

from paasq_daemon.store.disk_space import allocate
from paasq_daemon.store.layout import MAP_BYTES, READERS_MAX
from paasq_daemon.wire.errors import StoreError

DATA_NAME = "data.mdb"
LMDB_LOCK_NAME = "lock.mdb"

_OPEN_ATTEMPTS = 50
_OPEN_RETRY_S = 0.01
_READER_BYTES = 80  # a little more than LMDB takes for one

_META = Struct(
    "<Q2H4xII QQ 48s48s QQ"
)  # page number, padding, flags; magic, version; address, map; free list, tables; last page, txn
_TREE = Struct("<IHHQQQQQ")
_META_MAGIC, _META_VERSION, _META_FLAG = 0xBEEFC0DE, 1, 0x08
_PAGE_SIZES = {1 << bits for bits in range(9, 17)}
_ERRNO_LASTING = {errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EBADF}


class TreeRoot(NamedTuple):
    """What LMDB keeps of a tree: `page_bytes` in that of the free list only; `root` is the number of its first page."""

    page_bytes: int
    flags: int
    depth: int
    branch_pages: int
    leaf_pages: int
    overflow_pages: int
    entries: int
    root: int

    @classmethod
    def unpack(cls, raw: bytes) -> TreeRoot:
        """From the 48 bytes that LMDB stores. Raises struct.error where they are not so many."""
        return cls(*_TREE.unpack(raw))


class Meta(NamedTuple):
    """One of the two headers of a data file: the trees, last page and number of a transaction."""

    free: TreeRoot
    tables: TreeRoot
    last_page: int
    transaction: int

    @property
    def page_bytes(self) -> int:
        """Of every page of the file."""
        return self.free.page_bytes


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


def truncated_bytes(data_file: Path) -> int:
    """How much shorter the file is than its header says; 0 where it is whole. Reading a missing page is a SIGBUS.

    Raises StoreError where the header is damaged or the file is no LMDB data file.
    """
    metas, problems = read_metas(data_file)
    if problems:
        raise _damaged(data_file)
    newest = max(metas, key=lambda meta: meta.transaction)
    return max(0, (newest.last_page + 1) * newest.page_bytes - data_file.stat().st_size)


def newest_meta(data_file: Path) -> Meta:
    """The header of the newest transaction. Raises StoreError where none can be read."""
    return max(read_metas(data_file)[0], key=lambda meta: meta.transaction)


def read_metas(data_file: Path) -> tuple[list[Meta], list[str]]:
    """The headers that can be read, one or two, and what is wrong with another. Raises StoreError where there is none."""
    with data_file.open("rb") as file:
        metas = {at: _read_meta(file, at) for at in (0, *sorted(_PAGE_SIZES))}
    first = metas[0]
    second = (
        metas[first.page_bytes] if first else next((m for at, m in metas.items() if m and m.page_bytes == at), None)
    )
    found = [meta for meta in (first, second) if meta is not None]
    if not found:
        raise _damaged(data_file)
    if first is None or second is None or first.page_bytes != second.page_bytes:
        return found[:1], ["one of the two headers is damaged"]
    if not _follow_each_other(first, second):
        return found, ["the numbers of the two headers do not follow each other: one of them is damaged"]
    return found, []


def read_damaged_metas(data_file: Path) -> list[Meta]:
    """Both headers as they are, where one is damaged: what it leads to must be checked. Raises StoreError where none is sound."""
    page_bytes = read_metas(data_file)[0][0].page_bytes
    found = []
    with data_file.open("rb") as file:
        for at in (0, page_bytes):
            file.seek(at)
            *_, free, tables, last_page, transaction = _META.unpack(file.read(_META.size))
            root = TreeRoot.unpack(free)._replace(page_bytes=page_bytes)
            meta = Meta(root, TreeRoot.unpack(tables), last_page, transaction)
            if 0 < last_page * page_bytes < data_file.stat().st_size:
                found.append(meta)
    return found


def _follow_each_other(first: Meta, second: Meta) -> bool:
    """Transactions of even numbers are written to the first header, of odd ones to the second; a new file has 0 in both."""
    if first.transaction == second.transaction == 0:
        return True
    return first.transaction % 2 == 0 and abs(first.transaction - second.transaction) == 1


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


def _read_meta(file: BinaryIO, at: int) -> Meta | None:
    """The header at a place in the file; None where it is none."""
    file.seek(at)
    raw = file.read(_META.size)
    if len(raw) < _META.size:
        return None
    _, _, flags, magic, version, _, _, free, tables, last_page, transaction = _META.unpack(raw)
    meta = Meta(TreeRoot.unpack(free), TreeRoot.unpack(tables), last_page, transaction)
    sound = (magic, version) == (_META_MAGIC, _META_VERSION) and flags & _META_FLAG and meta.page_bytes in _PAGE_SIZES
    return meta if sound else None


def _no_address_space() -> StoreError:
    return StoreError(
        f"the system does not grant the {MAP_BYTES[-1] >> 30} GiB of address space that a store needs at least",
        "raise the limit (`ulimit -v unlimited`)",
    )


def _damaged(data_file: Path) -> StoreError:
    return StoreError(
        f"the header of {data_file} is damaged",
        "restore a snapshot into a new folder: `paasq snapshot restore NAME FOLDER`",
    )
