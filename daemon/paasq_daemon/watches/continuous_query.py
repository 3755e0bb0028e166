"""One continuous query: the rows of its last batch, and the differences since."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, TypeAlias

from paasq_daemon.backends.backend import ExecutablePlan, ExecutionInputs, KeyedResult
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.index.readable_indexes import ReadableIndexes
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.store.forget_receipts import was_forgotten_since
from paasq_daemon.watches.resume_cursor import ResumePosition, encode_cursor
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import PaasqError, StoreError
from paasq_daemon.wire.events import EventBatch, Key, RowChange
from paasq_dsl.bound import BoundWatch

ROWS_HELD_MAX = 100_000
MIN_INTERVAL_S = 0.01  # between two runs of a query, and no less than the last run took: it uses half a core at most


@dataclass(frozen=True)
class CompiledWatch:
    """The query of a watch, compiled against the catalog of the view in its inputs, with what came with its request.
    `locate_error` gives the error of a value its place in the request's text."""

    statement: BoundWatch
    plan: ExecutablePlan
    inputs: ExecutionInputs
    locate_error: Callable[[EvaluationError], PaasqError]

    def result(self, position: ResumePosition | None = None) -> KeyedResult:
        """The rows now, or at a past position, by key. Raises PaasqError, StoreError where that history was trimmed."""
        seq, inputs = None, self.inputs
        if position is not None:
            seq = position.seq
            inputs = inputs if position.now_us is None else replace(inputs, now_us=position.now_us)
        try:
            return self.plan.keyed_result(inputs, self.statement.identity, ROWS_HELD_MAX, seq)
        except EvaluationError as error:
            raise self.locate_error(error) from error

    @property
    def fingerprint(self) -> str:
        """Of the plan and its inputs: a cursor is valid for a query of the same fingerprint only."""
        return self.plan.fingerprint(self.inputs)


PrepareWatch: TypeAlias = Callable[[IndexView, CancellationToken], CompiledWatch]  # against the view's catalog


class ContinuousQuery:
    """`next_events` gives the differences since its last batch; the consumer sets the pace (backpressure).

    When a commit or the time may have made a difference, `on_due` is called in the scheduler's thread; it must be quick.
    `next_events` may be called in any thread, `close` more than once. Between two runs only the rows are kept in memory.
    """

    def __init__(
        self, indexes: ReadableIndexes, prepare: PrepareWatch, position: Callable[[CompiledWatch], ResumePosition | None],
        on_close: Callable[[ContinuousQuery], None],
    ) -> None:  # fmt: skip
        """Raises PaasqError where the query is wrong, or the history that it is to resume from was trimmed."""
        self.on_due: Callable[[], None] = _nothing
        self._indexes = indexes
        self._prepare = prepare
        self._on_close = on_close
        self._cancel = CancellationToken()
        self._lock = Lock()
        self._started = False
        self._cooldown_until_s = 0.0
        with indexes.read() as view:
            watched = prepare(view, self._cancel)
            self.reads: Collection[str] = watched.statement.collections_read
            self.time_dependent = watched.statement.time_dependent
            self._last_result = _initial_result(watched, position(watched))

    def next_events(self) -> EventBatch | None:
        """The events since the last batch; None where there are none. The first batch is given even when empty: it says that the
        initial rows are complete. Raises PaasqError where the query can't be run any more, Cancelled where it was closed."""
        with self._lock:
            self._cancel.raise_if_cancelled()
            began_s = time.monotonic()
            watched, now, forgot = self._indexes.run(self._present)
            self.reads, self.time_dependent = watched.statement.collections_read, watched.statement.time_dependent
            events = list(_difference(self._last_result, now, watched.statement.events, values_left=not forgot))
            first, self._started, self._last_result = not self._started, True, now
            ended_s = time.monotonic()
            self._cooldown_until_s = ended_s + max(MIN_INTERVAL_S, ended_s - began_s)
        if not events and not first:
            return None
        return EventBatch(
            now.columns, events, now.seq, now.now_us, encode_cursor(watched.fingerprint, now.seq, now.now_us)
        )

    def _present(self, view: IndexView) -> tuple[CompiledWatch, KeyedResult, bool]:
        """The query, its rows, and whether something that it reads was forgotten since the last ones."""
        watched, before = self._prepare(view, self._cancel), self._last_result
        reads = watched.statement.collections_read
        forgot = before is not None and was_forgotten_since(view.store, before.receipt, reads)
        return watched, watched.result(), forgot

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


def _initial_result(watched: CompiledWatch, position: ResumePosition | None) -> KeyedResult | None:
    if position is None:
        return None
    try:
        return watched.result(position)
    except StoreError as error:
        hint = "start the watch anew, without after: it begins with all that there is"
        raise StoreError(error.message, hint) from error


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
