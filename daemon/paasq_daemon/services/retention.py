"""Deleting what is past its time: records by their collection's `keep`, past versions by its `history` or the store's."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.services.expiry import delete_due, due_ordinals
from paasq_daemon.services.history_trim import kept_from, past_versions, trim_history
from paasq_daemon.services.trusted_clock import TrustedClock, elapsed_s
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import InvalidValue, PaasqError
from paasq_dsl.values import Duration, format_time

_EXPIRE_EVERY_S = 30.0
_TRIM_EVERY_S = 600.0  # seldom enough, since it writes the indexes first

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CollectionRetention:
    """What a collection keeps, as it is written, and what is past that: `due` records, and `past_versions`. `keep` is None where
    records are kept for ever; `history` is the store's where the collection says nothing."""

    collection: str
    keep: str | None
    due: int
    history: str
    past_versions: int


class RetentionService:
    """`start` begins a thread that does all by itself; `run` and `preview` may be called from any thread."""

    def __init__(
        self,
        store: Store,
        indexes: Indexes,
        wall_us: Callable[[], int],
        archived_seq: Callable[[], int | None] = lambda: None,
    ) -> None:
        """`archived_seq`: the history of what is after this is not trimmed, where it is not None."""
        self._store = store
        self._indexes = indexes
        self._wall_us = wall_us
        self._archived_seq = archived_seq
        with store.read() as view:
            self._clock = TrustedClock(view.state.time_us or None, wall_us, elapsed_s)
        self._running = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Delete what is due twice a minute, and trim history every ten minutes."""
        self._thread = threading.Thread(target=self._run_in_background, name="paasq-retention", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End what is under way after its transaction, and wait for the thread."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def preview(self) -> list[CollectionRetention]:
        """What is past its time by the system's clock, of each collection that is declared."""
        now_us, found = self._wall_us(), []
        with self._indexes.read() as view:
            past = past_versions(view.store, kept_from(view.store, now_us, self._archived_seq()))
            for collection in view.catalog.collections.values():
                keep = None if collection.time_to_live is None else collection.time_to_live.text
                due = len(due_ordinals(view, collection, now_us))
                history = view.catalog.history_of(collection).text
                found.append(CollectionRetention(collection.name, keep, due, history, past[collection.id]))
        return found

    def run(self, *, dry_run: bool = False, trust_clock: bool = False) -> dict[str, Any]:
        """Do all that is due now; JSON with counts by collection of what is deleted and trimmed, or with `dry_run` would be.

        Raises InvalidValue, and does nothing, where the clock is not believed, and `trust_clock` does not say that it is right.
        """
        ahead = Duration(0, self._clock.ahead_us() // 60_000_000 * 60_000_000)
        found = self.preview()
        if not dry_run:
            if ahead != Duration() and not trust_clock:
                raise InvalidValue(
                    f"the clock says {format_time(self._wall_us())}, {ahead} after what the store has known so far, and nothing "
                    "is deleted",
                    "where the clock is right, say so: `paasq expire --trust-clock`; the daemon believes it after an hour",
                )
            now_us = self._wall_us() if trust_clock else self._clock.now_us()
            self._expire(now_us)
            self._trim(now_us)
        return {
            "collections": [asdict(each) for each in found],
            "dry_run": dry_run,
            "clock_ahead": str(ahead) if ahead != Duration() else None,
        }

    def _run_in_background(self) -> None:
        trim_at_s, doubted = time.monotonic(), False
        while not self._stopped.is_set():
            try:
                if (ahead_us := self._clock.ahead_us()) and not doubted:
                    _log.warning(
                        "the clock is %s ahead of what the store has known: it is believed in an hour",
                        Duration(0, ahead_us),
                    )
                doubted = bool(ahead_us)
                self._expire(self._clock.now_us())
                if time.monotonic() >= trim_at_s:
                    self._trim(self._clock.now_us())
                    trim_at_s = time.monotonic() + _TRIM_EVERY_S
            except PaasqError as error:
                _log.warning("what is past its time waits: %s", error.message)
            except Exception:  # noqa: BLE001  # the next tick may do better, and the daemon must go on
                _log.exception("what is past its time waits")
            self._stopped.wait(_EXPIRE_EVERY_S)

    def _expire(self, now_us: int) -> None:
        """One collection's failure, such as that of its index, is told when the others are done."""
        failure: PaasqError | None = None
        with self._store.read() as view:
            keeping = [c.name for c in view.catalog.collections.values() if c.time_to_live is not None]
        with self._running:
            for name in keeping:
                try:
                    delete_due(self._store, self._indexes, name, now_us, lambda: not self._stopped.is_set())
                except PaasqError as error:
                    failure = error
        if failure is not None:
            raise failure

    def _trim(self, now_us: int) -> None:
        with self._running:
            with self._store.read() as view:
                kept = kept_from(view, now_us, self._archived_seq())
            trim_history(self._store, self._indexes, kept)
