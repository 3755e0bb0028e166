"""The page table of a snapshot: for each page of the data file its hash, and where its bytes are stored.

A table is kept as a list of objects, each a set of entries that overrides the ones before it. So a snapshot
that follows another adds only the entries of the pages that changed, and yet needs no other manifest to be read.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import msgpack  # type: ignore[import-untyped]  # it ships no stubs
import numpy as np
from blake3 import blake3

from paasq_daemon.snapshot.object_store import ObjectId, ObjectStore
from paasq_daemon.snapshot.page_packing import HASH_BYTES, PACK_PAGES_MAX
from paasq_daemon.wire.errors import SnapshotError

_ENTRIES_MAX = 65_536  # in one object of a table
_ROW = np.dtype([("page", "<u8"), ("pack", "<u4"), ("slot", "<u4"), ("hash", f"V{HASH_BYTES}")])
# an entry: the page, its pack in the list of this object, its slot in the pack, the BLAKE3 of the page
_NO_PACK = 0xFFFFFFFF


@dataclass(slots=True)
class PageTable:
    """`hashes` holds 32 bytes a page; `pack` and `slot` say which page of which pack it is."""

    hashes: bytearray = field(default_factory=bytearray)
    pack: array[int] = field(default_factory=lambda: array("I"))
    slot: array[int] = field(default_factory=lambda: array("I"))
    packs: list[ObjectId] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.pack)

    def hash_of(self, page: int) -> bytes:
        """BLAKE3 of a page, 32 bytes."""
        return bytes(self.hashes[page * HASH_BYTES : (page + 1) * HASH_BYTES])

    def root(self) -> str:
        """BLAKE3, itself a Merkle tree, over the hashes of all pages, in hexadecimal."""
        return blake3(self.hashes).hexdigest()

    def used_packs(self) -> list[ObjectId]:
        """The packs that a page of this table lies in."""
        return [self.packs[number] for number in np.unique(np.frombuffer(self.pack, np.uint32)).tolist()]

    def pages_by_pack(self) -> Iterator[tuple[ObjectId, list[int]]]:
        """Each used pack with the pages that lie in it."""
        pages: dict[int, list[int]] = {}
        for page, number in enumerate(self.pack):
            pages.setdefault(number, []).append(page)
        for number, members in sorted(pages.items()):
            yield self.packs[number], members


def write_entries(put: Callable[[bytes], ObjectId], table: PageTable, pages: Iterable[int]) -> list[ObjectId]:
    """Write the entries of these pages by `put`, as few objects as they fit in."""
    chosen = list(pages)
    parts = [chosen[start : start + _ENTRIES_MAX] for start in range(0, len(chosen), _ENTRIES_MAX)]
    return [put(_encode(table, part)) for part in parts]


def read_table(objects: ObjectStore, names: Iterable[ObjectId], page_count: int) -> PageTable:
    """Put a table together. Raises SnapshotError where an object is damaged or a page has no entry."""
    entries = [_decode(objects.get(name)) for name in names]
    if page_count > sum(len(rows) // _ROW.itemsize for _, rows in entries):  # before memory is taken for it
        raise SnapshotError("the page table has fewer entries than pages", "the snapshot is damaged")
    table = PageTable(
        bytearray(page_count * HASH_BYTES), array("I", [_NO_PACK]) * page_count, array("I", [0]) * page_count
    )
    hashes = np.frombuffer(table.hashes, f"V{HASH_BYTES}")
    pack_of, slot_of = np.frombuffer(table.pack, np.uint32), np.frombuffer(table.slot, np.uint32)
    numbers: dict[ObjectId, int] = {}
    for packs, rows in entries:
        here = np.array([numbers.setdefault(pack, len(numbers)) for pack in packs], np.uint32)
        found = np.frombuffer(rows, _ROW)
        wrong = (found["pack"] >= len(here)) | (found["slot"] >= PACK_PAGES_MAX)
        if wrong.any():
            page = found["page"][wrong.argmax()]
            raise SnapshotError(f"the page table leads nowhere for page {page}", "the snapshot is damaged")
        found = found[found["page"] < page_count]  # the file may have been longer in an earlier snapshot
        pack_of[found["page"]], slot_of[found["page"]] = here[found["pack"]], found["slot"]
        hashes[found["page"]] = found["hash"]
    missing = np.flatnonzero(pack_of == _NO_PACK)
    if len(missing):
        raise SnapshotError(f"page {missing[0]} has no entry", "the snapshot is damaged")
    del hashes, pack_of, slot_of  # they keep the arrays from growing
    table.packs = list(numbers)
    return table


def _encode(table: PageTable, pages: list[int]) -> bytes:
    chosen = np.array(pages, np.uint64)
    used, numbers = np.unique(np.frombuffer(table.pack, np.uint32)[chosen], return_inverse=True)
    rows = np.empty(len(pages), _ROW)
    rows["page"], rows["pack"] = chosen, numbers
    rows["slot"] = np.frombuffer(table.slot, np.uint32)[chosen]
    rows["hash"] = np.frombuffer(table.hashes, f"V{HASH_BYTES}")[chosen]
    packs = [[table.packs[number].hash, table.packs[number].size_bytes] for number in used.tolist()]
    return msgpack.packb([packs, rows.tobytes()])  # type: ignore[no-any-return]  # as above


def _decode(content: bytes) -> tuple[list[ObjectId], bytes]:
    try:
        packs, rows = msgpack.unpackb(content)
        names = [ObjectId(hash_, size_bytes) for hash_, size_bytes in packs]
    except (ValueError, TypeError) as error:
        raise SnapshotError("an object of the page table cannot be read", "the snapshot is damaged") from error
    if not isinstance(rows, bytes) or len(rows) % _ROW.itemsize or len(rows) > _ENTRIES_MAX * _ROW.itemsize:
        raise SnapshotError("an object of the page table cannot be read", "the snapshot is damaged")
    return names, rows
