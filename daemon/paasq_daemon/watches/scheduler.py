"""All continuous queries of a store, and the one thread that notifies them when they are due."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection

from paasq_daemon.store.journal import ChangeKind
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.store import Store
from paasq_daemon.watches.continuous_query import ContinuousQuery
from paasq_daemon.watches.watch_evaluation import WatchEvaluator
from paasq_daemon.wire.errors import StoreError

TICK_S = 1.0  # how often a query that depends on the time is due
RETRY_S = 0.1  # until the journal is read again, where that failed

_log = logging.getLogger(__name__)


class WatchScheduler:
    """Starts its thread with the first query; a commit only wakes it. Thread-safe."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._open: set[ContinuousQuery] = set()
        self._lock = threading.Lock()  # guards `_open`, `_seq` and `_thread`
        self._seq = 0  # queries were notified of all commits up to here
        self._woken = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None
        store.on_commit.append(self._committed)

    def register(self, evaluator: WatchEvaluator) -> ContinuousQuery:
        """Add a query; it is removed by its own `close`.

        Raises PaasqError as ContinuousQuery does, StoreError after `close`.
        """
        query = ContinuousQuery(evaluator, self._forget)
        with self._lock:
            if self._closed:
                raise StoreError("the store is closed", "open it again")
            if not self._open:
                self._seq = self._store.seq  # its first rows are read after this
            self._open.add(query)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="paasq-watch", daemon=True)
                self._thread.start()
        self._woken.set()  # it may be the first one that ticks
        return query

    def close(self) -> None:
        with self._lock:
            self._closed = True
            left, thread = list(self._open), self._thread
        for query in left:
            query.close_and_wait()
        self._woken.set()
        if thread is not None:
            thread.join()

    def _committed(self, _: int) -> None:
        if self._open:
            self._woken.set()

    def _forget(self, query: ContinuousQuery) -> None:
        with self._lock:
            self._open.discard(query)

    def _run(self) -> None:
        tick_s = time.monotonic() + TICK_S
        while not self._closed:
            with self._lock:
                ticking = any(query.time_dependent for query in self._open)
            self._woken.wait(max(0.0, tick_s - time.monotonic()) if ticking else None)
            self._woken.clear()
            ticked = time.monotonic() >= tick_s
            try:
                self._notify_due(ticked=ticked)
            except Exception:  # noqa: BLE001  # such as no reader being free; this thread must outlive it, and tell what is due
                _log.exception("watches are told of their changes later")
                time.sleep(RETRY_S)
                self._woken.set()
                continue
            if ticked:
                tick_s = time.monotonic() + TICK_S

    def _notify_due(self, *, ticked: bool) -> None:
        with self._lock:
            queries, seq = list(self._open), self._seq
        if not queries:
            return
        with self._store.read() as view:
            touched = _touched(view, seq) if view.seq > seq else ()
            now = view.seq
        with self._lock:
            self._seq = max(now, self._seq)
        for query in queries:
            if touched is None or (ticked and query.time_dependent) or any(name in touched for name in query.reads):
                query.on_due()


def _touched(view: ReadView, seq: int) -> Collection[str] | None:
    """The collections written to since; None where that is unknown, or the catalog was changed."""
    names: set[str] = set()
    known = view.catalog.collections_by_id
    try:
        for entry in view.journal(seq):
            for change in entry.changes:
                if change.kind is ChangeKind.CATALOG or change.collection not in known:
                    return None
                names.add(known[change.collection].name)
    except StoreError:
        return None
    return names
