"""The data file that is in use: its environment and tables, open until the last reader has ended."""

from __future__ import annotations

import threading

import lmdb

from paasq_daemon.store.tables import Tables

_META_PAGES = 2


class DataFile:
    """Thread-safe. Once it is retired, because another file took its place, its last reader closes it: only then the disk
    gets its blocks back."""

    def __init__(self, environment: lmdb.Environment, tables: Tables) -> None:
        self.environment = environment
        self.tables = tables
        self._lock = threading.Lock()
        self._readers = 0
        self._retired = False

    @property
    def is_held(self) -> bool:
        """Whether it is read at this moment."""
        return self._readers > 0

    def used_bytes(self) -> int:
        """Without free pages and their list, as LMDB counts them. Raises lmdb.Error."""
        with self.environment.begin() as txn:
            stats = [txn.stat(table.handle) for table in self.tables.all()]
        stats.append(self.environment.stat())
        pages = sum(stat["branch_pages"] + stat["leaf_pages"] + stat["overflow_pages"] for stat in stats)
        return (pages + _META_PAGES) * stats[0]["psize"]

    def hold(self) -> bool:
        """Keep it open until `release`; False where it is retired already."""
        with self._lock:
            if not self._retired:
                self._readers += 1
            return not self._retired

    def release(self) -> None:
        """Say that what `hold` was called for has ended."""
        with self._lock:
            self._readers -= 1
            unused = self._retired and not self._readers
        if unused:
            self.environment.close()

    def retire(self) -> None:
        """Close it once those that hold it have ended."""
        with self._lock:
            self._retired = True
            unused = not self._readers
        if unused:
            self.environment.close()
