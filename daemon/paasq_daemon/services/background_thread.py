"""What the daemon does by itself, now and then, in a thread of its own: snapshots, compaction, retention, the scrub."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from typing import Any

_log = logging.getLogger(__name__)


class BackgroundThread(ABC):
    """`start` begins the thread, which calls `_tick` again and again until `stop`. `problem` is what is wrong by the last
    look, in words; it may be read from any thread."""

    def __init__(self, name: str, tick_s: float, first_s: float = 0.0) -> None:
        """`name` is the thread's, `tick_s` how long it waits between two looks, and `first_s` before the first one."""
        self.problem: str | None = None
        self._stopped = threading.Event()
        self._thread_name = name
        self._tick_s = tick_s
        self._first_s = first_s
        self._thread: threading.Thread | None = None

    @abstractmethod
    def _tick(self) -> None:
        """Do what is due. What it raises is logged, and the thread goes on."""

    def start(self) -> None:
        """Begin to look for what is due."""
        self._thread = threading.Thread(target=self._run_in_background, name=self._thread_name, daemon=True)
        self._thread.start()

    def report(self) -> dict[str, Any]:
        """JSON: whether the thread runs, and the problem."""
        return {"running": self._thread is not None and self._thread.is_alive(), "problem": self.problem}

    def stop(self) -> None:
        """End, and what is under way with it: it asks `_stopped` where it may end."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run_in_background(self) -> None:
        wait_s = self._first_s
        while not self._stopped.wait(wait_s):
            try:
                self._tick()
            except Exception as error:  # noqa: BLE001  # the next tick may do better, and the daemon must go on
                self.problem = f"{type(error).__name__}: {error}"
                _log.exception("%s failed", self._thread_name)
            wait_s = self._tick_s
