"""What the daemon does so that the disk shrinks: what is dead in the data file and in the index is left out of new ones."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.services.background_thread import BackgroundThread
from paasq_daemon.services.disk_use import DiskUse
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import Cancelled, PaasqError, StoreError

RECLAIMABLE_SHARE_MAX = 1 / 3  # of the data file: it is 1.5 times as large then as a new one would be
RECLAIMABLE_BYTES_MIN = 256 << 10  # less is not worth the 50 ms that a rewrite takes at least
_TICK_S = 60.0
_RETRY_S = 3600.0  # after a failure
_REST_MAX_S = 0.2  # between two batches in the background

_log = logging.getLogger(__name__)


class Compaction(BackgroundThread):
    """`run` compacts everything, and may be called from any thread; the thread looks every minute for what is due. One at a
    time works."""

    def __init__(self, store: Store, indexes: Indexes) -> None:
        super().__init__("paasq-compaction", _TICK_S, _TICK_S)
        self._store = store
        self._indexes = indexes
        self._use = DiskUse(store, indexes)
        self._working = threading.Lock()
        self._failed_s: float | None = None
        self._rested_s = 0.0
        self._estimated_in_vain = 0  # what is still said to be reclaimable right after a rewrite

    def run(self, between: Callable[[], None] = lambda: None) -> dict[str, Any]:
        """Rewrite the data file, and build columns, vectors and text anew where anything in them is dead. JSON: the bytes on disk
        before and after, of each. `between` is called now and then, and may raise to end it.

        Raises StoreError, DiskFull where there is no room for a copy, ReadOnly; what was done before stays done.
        """
        with self._working:
            try:
                before = self._use.report()
                dead = [id_ for id_, (_, dead) in self._indexes.reclaimable_rows().items() if dead]
                self._store.rewrite(between=between)
                self._indexes.text_renewal.renew(dead)
                self._indexes.compact(dead, between)
                after = self._use.report()
            except OSError as error:
                raise StoreError(
                    f"the index cannot be written: {error.strerror}", "see that the disk has room"
                ) from error
        return {
            part: {"before_bytes": before[part]["bytes"], "after_bytes": after[part]["bytes"]}
            for part in ("data", "index")
        }

    def run_due(self, now_s: float) -> None:
        """Compact what has more dead bytes than it should. What fails is logged, and tried again an hour later; it never raises
        a PaasqError."""
        if self._failed_s is not None and 0 <= now_s - self._failed_s < _RETRY_S:
            return
        try:
            with self._working:
                self._rested_s = time.monotonic()
                size = self._store.measure()
                wanted = max(RECLAIMABLE_BYTES_MIN, size.file * RECLAIMABLE_SHARE_MAX)
                if size.reclaimable - self._estimated_in_vain > wanted:
                    done = self._store.rewrite(between=self._rest)
                    self._estimated_in_vain = self._store.measure().reclaimable
                    _log.info("the data file shrank from %d to %d bytes", done.before_bytes, done.after_bytes)
                self._indexes.text_renewal.request()
                if built := self._indexes.compact(between=self._rest):
                    _log.info("the index of %d collections was built anew without what was dead", built)
            self._failed_s = self.problem = None
        except Cancelled:
            pass
        except (PaasqError, OSError) as error:
            self._failed_s, self.problem = now_s, f"the disk does not shrink: {error}"
            _log.warning("%s", self.problem)

    def _tick(self) -> None:
        self.run_due(time.monotonic())

    def _rest(self) -> None:
        """Sleep as long as was worked since the last rest, so that others get the disk and the interpreter."""
        self._stopped.wait(min(_REST_MAX_S, time.monotonic() - self._rested_s))
        self._rested_s = time.monotonic()
        if self._stopped.is_set():
            raise Cancelled("the daemon ends; the next one compacts")
