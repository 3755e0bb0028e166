"""The two headers of an LMDB data file, read without LMDB, which takes the one of the greater number as it is.

LMDB 0.9 writes transaction n into header n % 2. What that transaction freed it lists under n, the greatest number there is in the
list of free pages, so that each header's number can be checked by a page. Pages that the header before the newest reaches are not
reused before it is overwritten (`mdb.c`: `mdb_env_write_meta`, `mdb_freelist_save`, `mdb_find_oldest`).
"""

from __future__ import annotations

import os
from pathlib import Path
from struct import Struct
from typing import BinaryIO, NamedTuple

from paasq_daemon.store.lmdb_page import DEPTH_MAX, LEAF, NO_PAGE, PAGE_NUMBER, DamagedPage, read_nodes
from paasq_daemon.wire.errors import StoreError

UNWRITTEN_BYTES_MAX = 64 << 20  # of free pages that LMDB counts at the file's end and need not have written

_META = Struct(
    "<Q2H4xII QQ 48s48s QQ"
)  # page number, padding, flags; magic, version; address, map; free list, tables; last page, txn
_TREE = Struct("<IHHQQQQQ")
_META_MAGIC, _META_VERSION, _META_FLAG = 0xBEEFC0DE, 1, 0x08
_FREE_FLAGS, _TABLES_FLAGS = 0x08, 0x00  # of the two trees: numbers are the keys of the first one
_PAGE_SIZES = {1 << bits for bits in range(9, 17)}
_HEADERS = 2
_TREES_AT = range(40, 144)  # the bytes of a header that say where its trees are, and the last page
_UNLISTED_MAX = 1  # the transactions that had nothing to free


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


def truncated_bytes(data_file: Path) -> int:
    """How much shorter the file is than its header says; 0 where it is whole. Reading a missing page is a SIGBUS.

    Raises StoreError where a header is damaged or the file is no LMDB data file.
    """
    metas, problems = read_metas(data_file)
    if problems:
        raise StoreError(
            f"{data_file} is damaged: {problems[0]}",
            "`paasq doctor --repair` mends it, of the newest state that is whole; or restore a snapshot into a new folder",
        )
    newest = max(metas, key=lambda meta: meta.transaction)
    return max(0, (newest.last_page + 1) * newest.page_bytes - data_file.stat().st_size)


def newest_meta(data_file: Path) -> Meta:
    """The header of the newest transaction. Raises StoreError where none can be read."""
    return max(read_metas(data_file)[0], key=lambda meta: meta.transaction)


def read_metas(data_file: Path) -> tuple[list[Meta], list[str]]:
    """The headers that can be read, one or two, and what is wrong with one of them. Raises StoreError where there is none."""
    with data_file.open("rb") as file:
        metas = {at: _read_meta(file, at) for at in (0, *sorted(_PAGE_SIZES))}
        first = metas[0]
        second = (
            metas[first.page_bytes] if first else next((m for at, m in metas.items() if m and m.page_bytes == at), None)
        )
        found = [meta for meta in (first, second) if meta is not None]
        if not found:
            raise StoreError(
                f"both headers of {data_file} are damaged",
                "restore a snapshot into a new folder: `paasq snapshot restore NAME FOLDER`",
            )
        if first is None or second is None or first.page_bytes != second.page_bytes:
            return found[:1], ["one of the two headers is damaged"]
        if not _follow_each_other(first, second):
            return found, ["the numbers of the two headers do not follow each other: one of them is damaged"]
        return found, _contradictions(file, *sorted(found, key=lambda meta: meta.transaction))


def read_damaged_metas(data_file: Path) -> list[tuple[Meta, int]]:
    """Both headers as they are, where one is damaged, and the last number in the list of free pages of each, 0 for none: what
    they lead to must be checked. Raises StoreError where none is sound."""
    page_bytes = read_metas(data_file)[0][0].page_bytes
    found = []
    with data_file.open("rb") as file:
        for at in (0, page_bytes):
            file.seek(at)
            *_, free, tables, last_page, transaction = _META.unpack(file.read(_META.size))
            root = TreeRoot.unpack(free)._replace(page_bytes=page_bytes)
            meta = Meta(root, TreeRoot.unpack(tables), last_page, transaction)
            if 0 < last_page * page_bytes < data_file.stat().st_size:
                found.append((meta, _listed_transaction(file, meta) or 0))
    return found


def settle_headers(data_file: Path) -> None:
    """Make it plain that a transaction whose header could not be written is not there. LMDB leaves its trees in that header,
    under the older number that it had; they become those of the newest. Does nothing where that is not so.

    For the one process that has the file open, when no transaction is being written. Raises OSError, StoreError.
    """
    metas, _ = read_metas(data_file)
    if len(metas) < _HEADERS or not _follow_each_other(*metas):
        return
    older, newest = sorted(metas, key=lambda meta: meta.transaction)
    with data_file.open("r+b", buffering=0) as file:
        if _listed_transaction(file, newest) == newest.transaction < (_listed_transaction(file, older) or 0):
            trees = os.pread(
                file.fileno(), len(_TREES_AT), newest.transaction % 2 * newest.page_bytes + _TREES_AT.start
            )
            os.pwrite(file.fileno(), trees, older.transaction % 2 * newest.page_bytes + _TREES_AT.start)


def _follow_each_other(first: Meta, second: Meta) -> bool:
    """Transactions of even numbers are written to the first header, of odd ones to the second; a new file has 0 in both."""
    if first.transaction == second.transaction == 0:
        return True
    return first.transaction % 2 == 0 and abs(first.transaction - second.transaction) == 1


def _contradictions(file: BinaryIO, older: Meta, newest: Meta) -> list[str]:
    """What tells that the newest header is not of the number that it has, or that the other one is newer. A list that cannot be
    read says nothing: of the newest header the walk of the pages finds it, and the older one is never used."""
    if (newest.free.flags, newest.tables.flags) != (_FREE_FLAGS, _TABLES_FLAGS):
        return ["the newer one of the two headers is damaged"]
    listed = _listed_transaction(file, newest)
    if listed is not None and listed != newest.transaction and max(listed, newest.transaction) > _UNLISTED_MAX:
        return [_contradiction(newest, listed)]
    listed = _listed_transaction(file, older)
    return [_contradiction(older, listed)] if listed is not None and listed > newest.transaction else []


def _contradiction(meta: Meta, listed: int) -> str:
    return (
        f"a header has the number {meta.transaction}, and the free pages that it leads to are listed up to number {listed}: "
        "one of them is damaged"
    )


def _listed_transaction(file: BinaryIO, meta: Meta) -> int | None:
    """The last number in a header's list of free pages, 0 where it is empty; None where it cannot be read."""
    page = meta.free.root
    if page == NO_PAGE:
        return 0
    pages = os.fstat(file.fileno()).st_size // meta.page_bytes
    for _ in range(DEPTH_MAX):
        if page >= pages:
            return None
        file.seek(page * meta.page_bytes)
        try:
            kind, nodes = read_nodes(file.read(meta.page_bytes), page)
        except DamagedPage:
            return None
        if kind == LEAF:
            return PAGE_NUMBER.unpack(nodes[-1].key)[0] if len(nodes[-1].key) == PAGE_NUMBER.size else None
        page = nodes[-1].page
    return None


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
