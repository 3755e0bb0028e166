"""Filling text indexes anew, on demand or in the background, so that the texts of dead records leave the disk."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from threading import Event, Lock, Thread
from typing import Protocol

from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.text_index import TextIndex
from paasq_daemon.store.read_view import ReadView

PAUSE_S = 5.0  # between two runs in the background

_log = logging.getLogger(__name__)


class View(Protocol):
    """What is read of the newest state."""

    store: ReadView
    snapshots: Mapping[int, ColumnSnapshot]


class Views(Protocol):
    """Where views and text indexes come from."""

    def read(self) -> AbstractContextManager[View]:
        """A view of the newest sequence number."""
        ...

    def text_index(self, collection_id: int) -> TextIndex:
        """The text index of a collection."""
        ...


class RenewalStopped(Exception):
    """The store is being closed."""


class TextRenewal:
    """Queries go on meanwhile. Each index takes a view, a writer's buffer and the disk of a second one while it is filled."""

    def __init__(self, views: Views) -> None:
        self._views = views
        self._lock = Lock()
        self._stopped = Event()
        self._thread: Thread | None = None
        self._next_s = 0.0

    def renew(self, collection_ids: Iterable[int] | None = None) -> None:
        """Fill anew the text indexes of these collections, or where None those of which much is dead.

        When it returns, no text is in their files of a record that was dead when it began, and that no view held then has
        alive. Raises StoreError where the disk is full, RenewalStopped where the store is closed meanwhile.
        """
        with self._views.read() as view:
            for id_ in view.snapshots if collection_ids is None else collection_ids:
                if id_ in view.snapshots:
                    index = self._views.text_index(id_)
                    if collection_ids is not None or index.is_due:
                        index.renew(view.snapshots[id_], view.store, self._check)

    def request(self) -> None:
        """Let what is due be done in the background, soon."""
        with self._lock:
            running = self._thread is not None and self._thread.is_alive()
            if running or self._stopped.is_set() or time.monotonic() < self._next_s:
                return
            self._next_s = time.monotonic() + PAUSE_S
            self._thread = Thread(target=self._run, name="paasq-text-renewal", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End what runs; nothing starts any more."""
        self._stopped.set()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        try:
            self.renew()
        except RenewalStopped:
            return
        except Exception:  # noqa: BLE001  # a full disk, say: the index stays as it is
            _log.warning("a text index could not be filled anew, which is tried again later", exc_info=True)
        finally:
            self._next_s = time.monotonic() + PAUSE_S

    def _check(self) -> None:
        if self._stopped.is_set():
            raise RenewalStopped
