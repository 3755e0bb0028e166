"""What the bytes of a data file are: the pages of each table, free pages, and the gaps in pages that are not full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from struct import Struct

import lmdb

from paasq_daemon.store.tables import Tables

_META_PAGES = 2
_PAGES_SAMPLED = 512
_HEADER = Struct("<Q2xHHH")  # page number; flags; where its gap begins and ends
_LEAF = 0x02
_POINTER_BYTES = 2  # of a page for each entry on it, beside the entry


@dataclass(frozen=True, slots=True)
class DataFileSize:
    """In bytes. `tables` are the pages of each by name; `gaps` is what of them full pages would save, estimated from a sample."""

    file: int
    tables: Mapping[str, int]
    free: int
    gaps: int

    @property
    def reclaimable(self) -> int:
        """By how much a rewrite makes the file smaller, about."""
        return self.free + self.gaps


def measure_data_file(path: Path, txn: lmdb.Transaction[bytes], tables: Tables, page_bytes: int) -> DataFileSize:
    """As a read transaction sees the tables, in less than 10 ms. Raises OSError, lmdb.Error."""
    stats = {table.name: txn.stat(table.handle) for table in tables.all()}
    by_table = {
        name: (stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"]) * page_bytes
        for name, stat in stats.items()
    }
    size = path.stat().st_size
    free = max(0, size - sum(by_table.values()) - _META_PAGES * page_bytes)
    leaves = sum(stat["leaf_pages"] for stat in stats.values()) * page_bytes
    return DataFileSize(size, by_table, free, int(leaves * _mean_gap(path, size, page_bytes)))


def _mean_gap(path: Path, size: int, page_bytes: int) -> float:
    """Which part of the leaf pages could be saved, on average over some from all of the file; free ones may be among them."""
    pages = size // page_bytes
    gaps = []
    with path.open("rb") as file:
        for page in range(_META_PAGES, pages, max(1, pages // _PAGES_SAMPLED)):
            file.seek(page * page_bytes)
            header = file.read(_HEADER.size)
            if len(header) < _HEADER.size:
                break
            number, flags, begins, ends = _HEADER.unpack(header)
            if number == page and flags & _LEAF and _HEADER.size < begins <= ends < page_bytes:
                entries = (begins - _HEADER.size) // _POINTER_BYTES
                entry_bytes = (page_bytes - ends) / entries + _POINTER_BYTES
                entries_max = int((page_bytes - _HEADER.size) / entry_bytes)  # of two that fill 70 % no third one fits
                gaps.append(1 - entries / max(entries, entries_max))
    return sum(gaps) / len(gaps) if gaps else 0.0
