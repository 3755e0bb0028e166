"""Deleting what is past its time: records by their collection's `keep`, past versions by its `history` or the store's."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.services.background_thread import BackgroundThread
from paasq_daemon.services.expiry import delete_due, due_ordinals
from paasq_daemon.services.history_trim import kept_from, past_versions, trim_history
from paasq_daemon.services.trusted_clock import TrustedClock, elapsed_s
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import InvalidValue, PaasqError, StoreError
from paasq_dsl.catalog import Catalog, Collection
from paasq_dsl.retention import CONFIRMED_TIME, moment_before
from paasq_dsl.values import TIME_MIN_US, Duration, format_time

_EXPIRE_EVERY_S = 30.0
_TRIM_EVERY_S = 600.0  # seldom enough, since it writes the indexes first

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CollectionRetention:
    """What a collection keeps, as it is written, and what is past that: `due` records, and `past_versions`. `keep` is None where
    records are kept for ever; `history` is the store's where the collection says nothing; `due` None where its index fails."""

    collection: str
    keep: str | None
    due: int | None
    history: str
    past_versions: int


class RetentionService(BackgroundThread):
    """The thread deletes what is due twice a minute, and trims history every ten minutes; `run` and `preview` may be called from
    any thread. What is under way ends after its transaction."""

    def __init__(
        self,
        store: Store,
        indexes: Indexes,
        wall_us: Callable[[], int],
        archived_seq: Callable[[], int | None] = lambda: None,
    ) -> None:
        """`archived_seq`: the history of what is after this is not trimmed, where it is not None."""
        super().__init__("paasq-retention", _EXPIRE_EVERY_S)
        self._store = store
        self._indexes = indexes
        self._wall_us = wall_us
        self._archived_seq = archived_seq
        with store.read() as view:
            self._clock = TrustedClock(view.state.time_us or None, wall_us, elapsed_s)
        self._oldest_us: dict[int, int] = {}  # by collection, none of its records was last put before
        self._running = threading.Lock()
        self._trim_at_s = time.monotonic()
        self._told = ""  # what was logged last

    def preview(self) -> list[CollectionRetention]:
        """What is past its time by the system's clock, of each collection that is declared."""
        now_us = self._wall_us()
        with self._indexes.read() as view:
            past = past_versions(view.store, kept_from(view.store, now_us, self._archived_seq()))
            due = {c.name: _due_count(view, c, now_us) for c in view.catalog.collections.values()}
            return _by_collection(view.catalog, due, past)

    def run(self, *, dry_run: bool = False, trust_clock: bool = False) -> dict[str, Any]:
        """Do all that is due now; JSON with counts by collection of what was deleted and trimmed, or with `dry_run` would be.

        Raises InvalidValue, and does nothing, where the clock is not believed, and `trust_clock` does not say that it is right;
        StoreError, when all else is done, where a collection's index fails.
        """
        if trust_clock and not dry_run:
            self._clock.trust()
        ahead = Duration(0, self._clock.ahead_us() // 60_000_000 * 60_000_000)
        if dry_run:
            found = self.preview()
        elif ahead != Duration():
            raise InvalidValue(
                f"the clock says {format_time(self._wall_us())}, {ahead} after what the store has known so far, and nothing is "
                "deleted",
                "where the clock is right, say so: `paasq expire --trust-clock`; the daemon believes it after an hour",
            )
        else:
            now_us = self._clock.now_us()
            deleted, failures = self._expire(now_us)
            trimmed = self._trim(now_us)
            if failures:
                raise failures[0]
            with self._store.read() as view:
                found = _by_collection(view.catalog, deleted, trimmed)
        return {
            "collections": [asdict(each) for each in found],
            "dry_run": dry_run,
            "clock_ahead": str(ahead) if ahead != Duration() else None,
        }

    def _tick(self) -> None:
        said = ""
        try:
            if ahead_us := self._clock.ahead_us():
                ahead = Duration(0, ahead_us // 3_600_000_000 * 3_600_000_000)
                said = f"the clock is {ahead} ahead, and is believed in an hour"
            failures = self._expire(self._clock.now_us())[1]
            if time.monotonic() >= self._trim_at_s:
                self._trim_at_s = time.monotonic() + _TRIM_EVERY_S
                self._trim(self._clock.now_us())
            said = failures[0].message if failures else said
        except PaasqError as error:
            said = error.message
        if said and said != self._told:
            _log.warning("what is past its time waits: %s", said)
        self._told, self.problem = said, said or None

    def _expire(self, now_us: int) -> tuple[dict[str, int], list[PaasqError]]:
        """How many records were deleted, by collection, and what failed: one collection's failure, such as that of its index,
        keeps no other from it."""
        deleted: dict[str, int] = {}
        failures: list[PaasqError] = []
        with self._store.read() as view:
            collections = view.catalog.collections.values()
        with self._running:
            for collection in collections:
                rule = collection.time_to_live
                if rule is None or self._is_all_confirmed_since(collection, moment_before(now_us, rule.age)):
                    continue
                try:
                    deleted[collection.name] = delete_due(
                        self._store, self._indexes, collection.name, now_us, self._goes_on
                    )
                    if rule.by == CONFIRMED_TIME:
                        self._oldest_us[collection.id] = self._oldest_confirmation(collection)
                except PaasqError as error:
                    failures.append(error)
        return deleted, failures

    def _is_all_confirmed_since(self, collection: Collection, moment_us: int) -> bool:
        """What was the oldest confirmation once can only have become later, so that the keys need not be read again for long."""
        rule = collection.time_to_live
        by_confirmation = rule is not None and rule.by == CONFIRMED_TIME
        return by_confirmation and self._oldest_us.get(collection.id, TIME_MIN_US) >= moment_us

    def _oldest_confirmation(self, collection: Collection) -> int:
        """In microseconds since 1970, UTC; the time of the last commit where there is no record."""
        with self._store.read() as view:
            return min((us for _, us in view.confirmations(collection.id)), default=view.state.time_us)

    def _trim(self, now_us: int) -> dict[int, int]:
        """How many past versions were removed, by the id of their collection."""
        with self._running:
            with self._store.read() as view:
                kept = kept_from(view, now_us, self._archived_seq())
            return trim_history(self._store, self._indexes, kept)

    def _goes_on(self) -> bool:
        return not self._stopped.is_set()


def _by_collection(
    catalog: Catalog, due: Mapping[str, int | None], past: Mapping[int, int]
) -> list[CollectionRetention]:
    return [
        CollectionRetention(
            collection.name,
            None if collection.time_to_live is None else collection.time_to_live.text,
            due.get(collection.name, 0),
            catalog.history_of(collection).text,
            past.get(collection.id, 0),
        )
        for collection in catalog.collections.values()
    ]


def _due_count(view: IndexView, collection: Collection, now_us: int) -> int | None:
    try:
        return len(due_ordinals(view, collection, now_us))
    except StoreError:  # of its index
        return None
