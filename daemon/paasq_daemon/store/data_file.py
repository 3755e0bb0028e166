"""The data file that is in use: its environment and tables, open until the last reader has ended."""

from __future__ import annotations

import threading

import lmdb

from paasq_daemon.store.tables import Tables


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
