"""Bringing indexes up to date beside the queries that wait for it: one whose time is up leaves, and the work goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable
from threading import Lock, Thread

from paasq_daemon.wire.cancellation import Check
from paasq_daemon.wire.errors import BudgetExceeded

CATCH_UP_RECORDS_MIN = 500  # new records; fewer are indexed by the query that comes first
_LOOK_S = 0.01  # between two looks at the time

_log = logging.getLogger(__name__)


class CatchUp:
    """Work by name, each at most once at a time, in a thread of its own. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: dict[Hashable, Thread] = {}

    def wait(self, name: Hashable, work: Callable[[], object], check: Check) -> None:
        """Begin the work unless it is under way, and wait for its end. Its errors are left to who needs what it was to make.
        `check` is called often; what it raises ends the waiting, and the work goes on."""
        with self._lock:
            thread = self._running.get(name)
            if thread is None:
                thread = self._running[name] = Thread(target=self._run, args=(name, work), name="paasq-catch-up")
                thread.start()

        def ended(seconds: float) -> bool:
            thread.join(seconds)
            return not thread.is_alive()

        interruptible(ended, check)

    def close(self) -> None:
        """Wait for all work."""
        with self._lock:
            running = list(self._running.values())
        for thread in running:
            thread.join()

    def _run(self, name: Hashable, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  # the next query meets it, and says it
            _log.info("indexes could not be brought up to date: %s", error)
        finally:
            with self._lock:
                del self._running[name]


def interruptible(wait: Callable[[float], bool], check: Check) -> None:
    """Call `wait` with some milliseconds until it is true, and `check` between. Where the time is up, BudgetExceeded says what
    was waited for."""
    while not wait(_LOOK_S):
        try:
            check()
        except BudgetExceeded as error:
            raise BudgetExceeded(
                f"{error.message}: what was written lately is being indexed",
                "that goes on; ask again in a while, or give more time",
            ) from None
