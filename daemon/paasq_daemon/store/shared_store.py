"""A store that another process writes, open for reading beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, Self

import lmdb

from paasq_daemon.store.data_folder import STORE_NAME
from paasq_daemon.store.lmdb_environment import DATA_NAME, in_words, open_shared, translating_errors
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.tables import Tables, open_tables, require_format
from paasq_daemon.wire.errors import StoreError

_OPEN_ATTEMPTS = 20  # the file may be replaced while it is opened


class ReadableStore(Protocol):
    """What reading a store takes: one that this process writes, or one that another does."""

    folder: Path

    @property
    def seq(self) -> int:
        """The sequence number of the last transaction that is durable."""
        ...

    def read(self) -> AbstractContextManager[ReadView]:
        """A view of the last durable transaction, for one thread."""
        ...


class SharedStore:
    """The data file by LMDB's own table of readers, so that no page that is read here is used anew by the writer. For one
    thread.

    Whoever writes the store has checked it. `lost` are collections, by id, that it knows to have lost records.
    """

    def __init__(self, folder: Path) -> None:
        """Raises StoreError where the data file cannot be opened."""
        self.folder = folder
        self.lost: frozenset[int] = frozenset()
        self._open_views = 0
        self._path = folder / STORE_NAME / DATA_NAME
        self._open()

    @property
    def seq(self) -> int:
        """The sequence number of the last transaction that is durable."""
        with self.read() as view:
            return view.seq

    @contextmanager
    def read(self) -> Iterator[ReadView]:
        """A view of the last durable transaction. Raises StoreError."""
        self.refresh()
        self._open_views += 1
        try:
            with self._environment.begin() as txn:
                yield ReadView(txn, self._tables, self.lost)
        except lmdb.Error as error:
            raise in_words(error) from error
        finally:
            self._open_views -= 1

    def refresh(self) -> None:
        """Open the data file that took the place of the one that is open, if one did: the disk gets that one's room back.
        Not while a view is open."""
        if not self._open_views and _identity(self._path) != self._file:
            self._environment.close()
            self._open()

    def close(self) -> None:
        """No view may be open."""
        self._environment.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self) -> None:
        for _ in range(_OPEN_ATTEMPTS):
            self._file = _identity(self._path)
            environment = open_shared(self._path.parent)
            try:
                if _identity(self._path) == self._file:
                    with translating_errors():
                        self._tables: Tables = open_tables(environment)
                        require_format(environment, self._tables)
                    self._environment: lmdb.Environment = environment
                    return
            except BaseException:
                environment.close()
                raise
            environment.close()
        raise StoreError(f"{self._path} is replaced again and again", "ask again in a while")


def _identity(path: Path) -> tuple[int, int]:
    """Of the file that is there now."""
    try:
        found = path.stat()
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror}", "mend the disk, or its owner and mode") from error
    return found.st_dev, found.st_ino
