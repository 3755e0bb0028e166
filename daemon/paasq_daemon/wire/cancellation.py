"""Cancellation: ends work early on request, or when its time is up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeAlias

from paasq_daemon.wire.errors import BudgetExceeded, Cancelled

Check: TypeAlias = Callable[[], None]  # called often by what takes long; raises where it is to end


def never() -> None:
    """A check that always passes."""


class CancellationToken:
    """A thread-safe token: work calls `raise_if_cancelled` every few milliseconds, any thread may call `cancel`."""

    def __init__(self, time_ms: float | None = None, passed_ms: float = 0.0) -> None:
        """`time_ms` counts from `passed_ms` ago."""
        self.time_ms = time_ms
        self.deadline_s = None if time_ms is None else time.monotonic() + (time_ms - passed_ms) / 1000
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], object]] = []

    def cancel(self) -> None:
        """Cancel: `raise_if_cancelled` raises from now on, in every child too. Callbacks run in this thread, once each."""
        with self._lock:
            self._cancelled.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def on_cancel(self, callback: Callable[[], object]) -> None:
        """`callback` runs once, in the thread that cancels, or now where that was done before. It must not block."""
        with self._lock:
            if not self._cancelled.is_set():
                self._callbacks.append(callback)
                return
        callback()

    def child(self, time_ms: float | None) -> CancellationToken:
        """A token that is cancelled with this one, and has `time_ms` from now, but no more than this one has left."""
        if time_ms is None:
            return self
        inner = CancellationToken(time_ms)
        inner._cancelled = self._cancelled
        if self.deadline_s is not None and inner.deadline_s is not None and self.deadline_s < inner.deadline_s:
            inner.time_ms, inner.deadline_s = self.time_ms, self.deadline_s
        return inner

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called; a deadline that has passed does not count."""
        return self._cancelled.is_set()

    @property
    def deadline_passed(self) -> bool:
        """For work that can stop early with a partial answer, labelled `time`."""
        return self.deadline_s is not None and time.monotonic() >= self.deadline_s

    @property
    def passed_ms(self) -> float:
        """How much of its time has passed; 0 without a deadline."""
        if self.time_ms is None or self.deadline_s is None:
            return 0.0
        return self.time_ms - (self.deadline_s - time.monotonic()) * 1000

    @property
    def remaining_s(self) -> float | None:
        """Seconds left, not below 0; None without a deadline."""
        return None if self.deadline_s is None else max(0.0, self.deadline_s - time.monotonic())

    def raise_if_cancelled(self) -> None:
        """Raises Cancelled where `cancel` was called, BudgetExceeded where the time is up."""
        if self._cancelled.is_set():
            raise Cancelled("the request was cancelled")
        if self.deadline_s is not None and self.deadline_passed:  # this is called often
            raise BudgetExceeded(
                f"the time budget of {self.time_ms:g} ms ran out before there was an answer",
                "give more time, or ask for less with `where` or `take`",
            )
