"""The rows of a watch: compiled and run on a view, in this process or in another."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from paasq_daemon.backends.backend import ExecutablePlan, ExecutionInputs, KeyedResult
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.index.readable_indexes import ReadableIndexes
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import evaluate_scalar
from paasq_daemon.store.forget_receipts import was_forgotten_since
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.watches.resume_cursor import ResumePosition, decode_cursor
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import PaasqError, StoreError
from paasq_daemon.writes.apply import constant_context
from paasq_dsl.bound import BoundWatch

ROWS_HELD_MAX = 100_000


@dataclass(frozen=True, slots=True)
class WatchStart:
    """What a watch reads, by the names of collections, whether its rows depend on the time, and the rows that it goes on from;
    None where it begins with all that there is."""

    reads: Collection[str]
    time_dependent: bool
    rows: KeyedResult | None


@dataclass(frozen=True, slots=True)
class WatchRows:
    """The rows now, with the fingerprint of the plan and its inputs, what it reads, the events that are wanted, and whether
    something that it reads was forgotten since the rows before."""

    rows: KeyedResult
    fingerprint: str
    reads: Collection[str]
    time_dependent: bool
    events: tuple[str, ...]
    forgot: bool


class WatchEvaluator(Protocol):
    """Gives the rows of one watch. Both methods raise PaasqError where the query cannot be run, and Cancelled."""

    def start(self, cancel: CancellationToken) -> WatchStart:
        """Raises StoreError too where the history that it is to go on from was trimmed."""
        ...

    def rows(self, receipt: int | None, cancel: CancellationToken) -> WatchRows:
        """`receipt` is that of the rows before, None where there are none."""
        ...


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


@dataclass(frozen=True)
class LocalWatchEvaluator:
    """On views of this process."""

    indexes: ReadableIndexes
    prepare: PrepareWatch

    def start(self, cancel: CancellationToken) -> WatchStart:
        """As WatchEvaluator has it."""
        with self.indexes.read() as view:
            watched = self.prepare(view, cancel)
            rows = _initial_result(watched, _position(watched, view.store))
            return WatchStart(watched.statement.collections_read, watched.statement.time_dependent, rows)

    def rows(self, receipt: int | None, cancel: CancellationToken) -> WatchRows:
        """As WatchEvaluator has it."""

        def present(view: IndexView) -> WatchRows:
            watched = self.prepare(view, cancel)
            statement = watched.statement
            forgot = receipt is not None and was_forgotten_since(view.store, receipt, statement.collections_read)
            return WatchRows(
                watched.result(), watched.fingerprint, statement.collections_read, statement.time_dependent, statement.events,
                forgot,
            )  # fmt: skip

        return self.indexes.run(present)


def _initial_result(watched: CompiledWatch, position: ResumePosition | None) -> KeyedResult | None:
    if position is None:
        return None
    try:
        return watched.result(position)
    except StoreError as error:
        hint = "start the watch anew, without after: it begins with all that there is"
        raise StoreError(error.message, hint) from error


def _position(watched: CompiledWatch, store: ReadView) -> ResumePosition | None:
    after, inputs = watched.statement.resume_after, watched.inputs
    if after is None:
        return None
    try:
        given = evaluate_scalar(after, constant_context(inputs.literals, inputs.parameters, inputs.now_us))
        position = decode_cursor(given, watched.fingerprint, after.span)
    except EvaluationError as error:
        raise watched.locate_error(error) from error
    if position is None or position.now_us is not None:
        return position
    return ResumePosition(position.seq, store.commit_time_us(position.seq))
