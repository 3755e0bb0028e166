"""One continuous query: the rows of its last batch, and the differences since."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import Any

from paasq_daemon.backends.backend import KeyedResult
from paasq_daemon.watches.resume_cursor import encode_cursor
from paasq_daemon.watches.watch_evaluation import WatchEvaluator
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.events import EventBatch, Key, RowChange

MIN_INTERVAL_S = 0.01  # between two runs of a query, and no less than the last run took: it uses half a core at most


class ContinuousQuery:
    """`next_events` gives the differences since its last batch; the consumer sets the pace (backpressure).

    When a commit or the time may have made a difference, `on_due` is called in the scheduler's thread; it must be quick.
    `next_events` may be called in any thread, `close` more than once. Between two runs only the rows are kept in memory.
    """

    def __init__(self, evaluator: WatchEvaluator, on_close: Callable[[ContinuousQuery], None]) -> None:
        """Raises PaasqError where the query is wrong, or the history that it is to resume from was trimmed."""
        self.on_due: Callable[[], None] = _nothing
        self._evaluator = evaluator
        self._on_close = on_close
        self._cancel = CancellationToken()
        self._lock = Lock()
        self._started = False
        self._cooldown_until_s = 0.0
        start = evaluator.start(self._cancel)
        self.reads, self.time_dependent = start.reads, start.time_dependent
        self._last_result = start.rows

    def next_events(self) -> EventBatch | None:
        """The events since the last batch; None where there are none. The first batch is given even when empty: it says that the
        initial rows are complete. Raises PaasqError where the query can't be run any more, Cancelled where it was closed."""
        with self._lock:
            self._cancel.raise_if_cancelled()
            began_s = time.monotonic()
            found = self._evaluator.rows(None if self._last_result is None else self._last_result.receipt, self._cancel)
            self.reads, self.time_dependent, now = found.reads, found.time_dependent, found.rows
            events = list(_difference(self._last_result, now, found.events, values_left=not found.forgot))
            first, self._started, self._last_result = not self._started, True, now
            ended_s = time.monotonic()
            self._cooldown_until_s = ended_s + max(MIN_INTERVAL_S, ended_s - began_s)
        if not events and not first:
            return None
        cursor = encode_cursor(found.fingerprint, now.seq, now.now_us)
        return EventBatch(now.columns, events, now.seq, now.now_us, cursor)

    @property
    def cooldown_s(self) -> float:
        """Seconds until it may run again, 0 where it may run now."""
        return max(0.0, self._cooldown_until_s - time.monotonic())

    @property
    def closed(self) -> bool:
        """Whether `close` was called; `next_events` raises Cancelled from then on."""
        return self._cancel.cancelled

    def close_and_wait(self) -> None:
        """Close it, and wait for a run that is under way."""
        self.close()
        with self._lock:
            pass

    def close(self) -> None:
        """End the query without waiting for a run; may be called more than once, in any thread. Calls `on_due` a last time."""
        self._cancel.cancel()
        self._on_close(self)
        self.on_due()


def _nothing() -> None:
    pass


def _difference(
    before: KeyedResult | None, now: KeyedResult, wanted: tuple[str, ...], *, values_left: bool = True
) -> Iterator[RowChange]:
    """Leaves first, then the rest in the order of the rows. Where the columns differ from before, every row changed. With
    `values_left` False rows that leave are all null, since what they held may be what was forgotten."""
    held: Mapping[Key, list[Any]] = before.rows if before else {}
    same_columns = before is None or before.columns == now.columns
    if "leave" in wanted:
        for key, values in held.items():
            if key not in now.rows:
                yield RowChange("leave", key, _left(values, before, now) if values_left else [None] * len(now.columns))
    for key, values in now.rows.items():
        was = held.get(key)
        if was is None:
            if "enter" in wanted:
                yield RowChange("enter", key, values)
        elif "change" in wanted and not (same_columns and _same(was, values)):
            yield RowChange("change", key, values)


def _same(one: list[Any], other: list[Any]) -> bool:
    return one == other or repr(one) == repr(other)  # NaN is not equal to itself, but written like it


def _left(values: list[Any], before: KeyedResult | None, now: KeyedResult) -> list[Any]:
    """A row in the present columns, null where it had none of that name and type."""
    if before is None or before.columns == now.columns:
        return values
    by_column = dict(zip(before.columns, values, strict=True))
    return [by_column.get(column) for column in now.columns]
