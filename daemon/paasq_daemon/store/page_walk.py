"""The structure of an LMDB data file, read page by page without LMDB, which trusts its pages and may crash on damaged ones."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from struct import Struct, error

from paasq_daemon.store.data_file_header import UNWRITTEN_BYTES_MAX, Meta, TreeRoot, read_metas
from paasq_daemon.store.lmdb_page import (
    BIG_DATA,
    BRANCH,
    DEPTH_MAX,
    KINDS,
    LEAF,
    NO_PAGE,
    OVERFLOW,
    PAGE_HEADER,
    PAGE_NUMBER,
    DamagedPage,
    Node,
    read_nodes,
)

_OVERFLOW_PAGES = Struct("<12xI")
_SUB_TREE = 0x02  # of a node's flags: the value is the root of a tree
_FAULTS_MAX = 1_000
_META_PAGES = 2

Visit = Callable[[str | None, bytes, bytes], None]


class _OutOfTime(Exception):
    """The walk may not take longer."""


@dataclass
class DataFileStructure:
    """What a walk found: `faults` in words, `entries` by table as they were reached, and the count of pages in use. `is_whole`
    is False where the walk ended before it had reached all."""

    faults: list[str] = field(default_factory=list)
    entries: dict[str, int] = field(default_factory=dict)
    pages_used: int = 0
    pages_free: int = 0
    is_whole: bool = True


def walk_data_file(
    path: Path, visit: Visit | None = None, seconds_max: float | None = None, header: Meta | None = None
) -> DataFileStructure:
    """Check each page that the newest transaction reaches: its number and kind, the order of its keys and their place
    between those above, counts and depth, pages used twice or both used and free. It ends after `seconds_max`. Where `header`
    is given, of the transaction that this one is of.

    `visit` gets each entry, raw, with the name of its table: None for those on pages of entries that are neither reached nor
    free, which are lost children of a damaged page. Raises OSError, and StoreError where no header of the file can be read.
    """
    with path.open("rb") as file:
        metas, problems = read_metas(path)
        newest = header or max(metas, key=lambda meta: meta.transaction)
        walk = _Walk(file.fileno(), newest, None if seconds_max is None else time.monotonic() + seconds_max)
        walk.found.faults += problems
        walk.run(visit)
        return walk.found


def walk_pages(file: int, meta: Meta, visit: Visit) -> DataFileStructure:
    """As `walk_data_file`, of the transaction that `meta` is the header of. Where a read transaction of it is open, others may
    write meanwhile: LMDB reuses none of the pages that it reaches. `file` is a descriptor. Raises OSError."""
    walk = _Walk(file, meta, None)
    walk.run(visit, orphans=False)
    return walk.found


class _Walk:
    def __init__(self, file: int, meta: Meta, until_s: float | None) -> None:
        self.found = DataFileStructure()
        self._file = file
        self._size = os.fstat(file).st_size
        self._meta = meta
        self._until_s = until_s  # by the monotonic clock
        self._page_bytes = meta.page_bytes
        in_file, unwritten = self._size // meta.page_bytes, UNWRITTEN_BYTES_MAX // meta.page_bytes
        self._used = bytearray(min(max(meta.last_page + 1, in_file), in_file + unwritten))
        if meta.last_page >= len(self._used):
            self._fault(f"the header says that page {meta.last_page} is the last, and the file has {in_file}")
        self._free: set[int] = set()

    def run(self, visit: Visit | None, *, orphans: bool = True) -> None:
        try:
            self._run(visit, orphans=orphans)
        except _OutOfTime:
            self.found.is_whole = False

    def _run(self, visit: Visit | None, *, orphans: bool) -> None:
        self._used[:_META_PAGES] = b"\1" * _META_PAGES
        for key, ids in self._tree(self._meta.free, "the list of free pages", numeric=True):
            self._note_free(key, ids)
        roots: dict[str, TreeRoot] = {}
        for key, value in self._tree(self._meta.tables, "the list of tables", wanted=_SUB_TREE):
            name = key.decode("ascii", "replace")
            try:
                roots[name] = root = TreeRoot.unpack(value)
                if root.flags:
                    self._fault(f"the list of tables: {name} is of kind {root.flags:#x}")
            except error:
                self._fault(f"the list of tables: what it says of {name} has {len(value)} bytes")
        for name, root in roots.items():
            count = 0
            for key, value in self._tree(root, name):
                count += 1
                if visit is not None:
                    visit(name, key, value)
            self.found.entries[name] = count
        both = sum(1 for page in self._free if self._used[page])
        if both:
            self._fault(f"{both} pages are in use and listed as free")
        self.found.pages_used, self.found.pages_free = sum(self._used), len(self._free)
        if visit is not None and orphans:
            for page in range(_META_PAGES, min(len(self._used), self._meta.last_page + 1)):
                if not self._used[page] and page not in self._free:
                    self._visit_orphan(page, visit)

    def _note_free(self, key: bytes, ids: bytes) -> None:
        numbers = [number for (number,) in PAGE_NUMBER.iter_unpack(ids[: len(ids) // 8 * 8])]
        if not numbers or numbers[0] != len(numbers) - 1 or len(key) != PAGE_NUMBER.size:
            self._fault("an entry of the list of free pages has another length than it says")
        pages = numbers[1:]
        wrong = [page for page in pages if not _META_PAGES <= page <= self._meta.last_page or page in self._free]
        if wrong:
            self._fault(f"the list of free pages names pages twice, or such as there are none: {wrong[:3]}")
        self._free.update(page for page in pages if page < len(self._used))

    def _tree(
        self, root: TreeRoot, name: str, *, wanted: int = 0, numeric: bool = False
    ) -> Iterator[tuple[bytes, bytes]]:
        """The entries that can be reached, in order; faults are noted, and what is below a damaged page is left out."""
        if root.root == NO_PAGE:
            if root.entries:
                self._fault(f"{name}: it says {root.entries} entries, and has no page")
            return
        faults = len(self.found.faults)
        counted = _Counts()
        entries = 0
        for node in self._below(root.root, 1, (b"", None), name, counted, numeric=numeric):
            entries += 1
            try:
                value = self._value(node, wanted, counted)
            except DamagedPage as problem:
                self._fault(f"{name}, the entry {node.key.hex()[:80]}: {problem}")
                continue
            yield node.key, value
        stated = (root.depth, root.branch_pages, root.leaf_pages, root.overflow_pages, root.entries)
        there = (counted.depth, counted.branch, counted.leaf, counted.overflow, entries)
        if stated != there and len(self.found.faults) == faults:
            self._fault(f"{name}: depth, pages and entries should be {stated} and are {there}")

    def _below(
        self, page: int, depth: int, bounds: tuple[bytes, bytes | None], name: str, counted: _Counts, *, numeric: bool
    ) -> Iterator[Node]:
        """The leaf nodes below a page, whose keys lie within the bounds: the first one included, the second not."""
        if self._until_s is not None and time.monotonic() > self._until_s:
            raise _OutOfTime
        if depth > DEPTH_MAX:
            self._fault(f"{name}, page {page}: the tree is deeper than any can be")
            return
        try:
            kind, nodes = self._nodes(page)
            keys = [self._order(node.key, numeric=numeric) for node in nodes]
            if kind == BRANCH:
                keys[0] = self._order(bounds[0], numeric=numeric)  # the first one has no key of its own
            self._check_order(keys, bounds, numeric=numeric)
        except (DamagedPage, OSError) as problem:
            self._fault(f"{name}, page {page}: {problem}")
            return
        counted.depth = max(counted.depth, depth)
        if kind == LEAF:
            counted.leaf += 1
            yield from nodes
            return
        counted.branch += 1
        lows = [bounds[0], *(node.key for node in nodes[1:])]
        for number, node in enumerate(nodes):
            high = lows[number + 1] if number + 1 < len(nodes) else bounds[1]
            yield from self._below(node.page, depth + 1, (lows[number], high), name, counted, numeric=numeric)

    @staticmethod
    def _order(key: bytes, *, numeric: bool) -> bytes:
        """What sorts as LMDB sorts the key: the list of free pages has numbers of the machine for keys."""
        return key[::-1] if numeric else key

    def _check_order(self, keys: list[bytes], bounds: tuple[bytes, bytes | None], *, numeric: bool) -> None:
        if any(not one < other for one, other in pairwise(keys)):
            raise DamagedPage("its keys are out of order")
        low, high = self._order(bounds[0], numeric=numeric), bounds[1] and self._order(bounds[1], numeric=numeric)
        if keys and (keys[0] < low or (high is not None and keys[-1] >= high)):
            raise DamagedPage("its keys belong elsewhere")

    def _nodes(self, page: int) -> tuple[int, list[Node]]:
        """As `read_nodes`. Marks the page as used."""
        return read_nodes(self._page(page, 1), page)

    def _value(self, node: Node, wanted: int, counted: _Counts) -> bytes:
        if node.flags & ~BIG_DATA != wanted:
            raise DamagedPage(f"it is of kind {node.flags:#x}")
        if not node.flags & BIG_DATA:
            return node.value
        first, size = PAGE_NUMBER.unpack(node.value)[0], node.page
        pages = -(-(size + PAGE_HEADER.size) // self._page_bytes)
        raw = self._page(first, pages)
        number, flags, *_ = PAGE_HEADER.unpack_from(raw)
        if number != first or flags & KINDS != OVERFLOW or _OVERFLOW_PAGES.unpack_from(raw)[0] != pages:
            raise DamagedPage(f"its value is not at page {first}")
        counted.overflow += pages
        return raw[PAGE_HEADER.size : PAGE_HEADER.size + size]

    def _page(self, page: int, count: int) -> bytes:
        if not _META_PAGES <= page <= page + count <= len(self._used):
            raise DamagedPage(f"there is no page {page} in the file")
        if page + count - 1 > self._meta.last_page:
            self._fault(f"page {page} is in use, and the header says that page {self._meta.last_page} is the last")
        if any(self._used[page : page + count]):
            raise DamagedPage(f"page {page} is used twice")
        self._used[page : page + count] = b"\1" * count
        if (page + count) * self._page_bytes > self._size:
            raise DamagedPage(f"the file ends before page {page}")
        return os.pread(self._file, count * self._page_bytes, page * self._page_bytes)

    def _visit_orphan(self, page: int, visit: Visit) -> None:
        try:
            kind, nodes = self._nodes(page)
        except (DamagedPage, OSError):
            return
        for node in nodes if kind == LEAF else ():
            try:
                visit(None, node.key, self._value(node, 0, _Counts()))
            except DamagedPage:
                continue

    def _fault(self, problem: str) -> None:
        if len(self.found.faults) < _FAULTS_MAX:
            self.found.faults.append(problem)


@dataclass
class _Counts:
    depth: int = 0
    branch: int = 0
    leaf: int = 0
    overflow: int = 0
