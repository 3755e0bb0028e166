"""The engine in this process: plans of operators over LMDB, Tantivy and numpy columns."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.backends.backend import ExecutionInputs, KeyedResult, check_capabilities
from paasq_daemon.index.column import Column
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.index.readable_indexes import ReadableIndexes
from paasq_daemon.kernels.columns import column_to_values
from paasq_daemon.kernels.errors import EvaluationError, shown
from paasq_daemon.kernels.evaluate import EvaluationContext, evaluate_scalar
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.link_traversal import traverse_links
from paasq_daemon.operators.operator import EMPTY_BATCH
from paasq_daemon.operators.page import Cursor, cursor_at, decode_cursor, rows_after_cursor, truncate_with_cursor
from paasq_daemon.operators.result_limiter import CHUNK_ROWS, ROWS_MAX, limit_result
from paasq_daemon.operators.snippet_column import no_snippets, snippet_column
from paasq_daemon.plan.explain import OperatorMetrics, PlanLine, PlanMetrics, plan_lines, plan_text
from paasq_daemon.plan.planner import PhysicalPlan, make_physical_plan
from paasq_daemon.snapshot.manifest import read_manifest
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.store.forget_receipts import last_receipt_number, was_forgotten_since
from paasq_daemon.wire.answer import Answer, ColumnInfo
from paasq_daemon.wire.errors import LimitExceeded, StoreError
from paasq_daemon.wire.events import Key
from paasq_daemon.wire.request import Budget as Limits
from paasq_daemon.wire.token_estimate import answer_measure, tokens_of
from paasq_daemon.wire.value_codecs import encode
from paasq_dsl import bound
from paasq_dsl.bound import BoundAsOf, BoundQuery, RowIdentity
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.object_paths import nest_value
from paasq_dsl.types import Type, TypeKind
from paasq_dsl.values import Value

Embed = Callable[[Collection, Field, str], NDArray[np.float32]]
_PLAN_COLUMNS = (
    ColumnInfo("operator", "text"),
    ColumnInfo("estimated_rows", "int"),
    ColumnInfo("rows", "int"),
    ColumnInfo("ms", "float"),
)


class EmbeddedBackend:
    """The backend over this process's own store. `embed` computes the vector of a query's text."""

    name = "embedded"
    capabilities = frozenset(Capability)

    def __init__(self, indexes: ReadableIndexes, embed: Embed, open_snapshots: Callable[[], Storage]) -> None:
        self._indexes = indexes
        self._embed = embed
        self._open_snapshots = open_snapshots

    def prepare(self, query: BoundQuery) -> EmbeddedPlan:
        check_capabilities(self, query)
        first = query.stages[0]
        moment = first.as_of if isinstance(first, bound.ScanStage) else None
        reader = ViewProvider(self._indexes, moment, self._open_snapshots)
        plan, read = make_physical_plan(query), query.properties.collections_read
        return EmbeddedPlan(plan, query.explain, read, reader, self._embed)


@dataclass(frozen=True)
class ViewProvider:
    """The view that a plan reads: the one of its run, or of the moment that it names, by the catalog of its run."""

    indexes: ReadableIndexes
    as_of: BoundAsOf | None
    open_snapshots: Callable[[], Storage]

    def open(self, inputs: ExecutionInputs) -> AbstractContextManager[IndexView]:
        """Raises StoreError where the past can't be read any more, SnapshotError where there is no such snapshot."""
        present = _present(inputs)
        if self.as_of is None:
            return nullcontext(present)
        values = _without_rows(inputs)
        value = evaluate_scalar(self.as_of.value, values)
        if self.as_of.kind == "snapshot":
            return self.indexes.read_as_of(present, read_manifest(self.open_snapshots(), str(value)).seq)
        if not isinstance(value, int) or isinstance(value, bool):
            raise EvaluationError("PQ0723", self.as_of.value.span, found=shown(value))
        return self.indexes.read_as_of(present, value)

    def open_kept(self, inputs: ExecutionInputs, seq: int) -> AbstractContextManager[IndexView]:
        """The state that the page before was read from."""
        return self.indexes.read_kept(_present(inputs), seq)

    def open_at(self, inputs: ExecutionInputs, seq: int) -> AbstractContextManager[IndexView]:
        """The view of a sequence number, which may be the present one: that is there already."""
        present = _present(inputs)
        return nullcontext(present) if present.seq == seq else self.indexes.read_as_of(present, seq)


def _present(inputs: ExecutionInputs) -> IndexView:
    assert inputs.view is not None, "an embedded plan runs on a view"
    return inputs.view


def _keys(schema: bound.Schema, batch: Batch, identity: RowIdentity) -> list[Key]:
    """A record's key alone, or what else tells the rows apart in a tuple, as JSON writes it."""
    places: list[list[Any]] = [
        part.tolist() for part in batch.sub_ordinals[len(batch.sub_ordinals) - identity.places :]
    ]
    if identity.columns is None:
        assert batch.source is not None
        assert batch.ordinals is not None
        keys = column_to_values(batch.source.column("_key").take(batch.ordinals))
        return list(zip(keys, *places, strict=True)) if places else [str(key) for key in keys]
    columns = [
        [encode(v, schema.columns_by_name[name].type) for v in column_to_values(batch.column(name))]
        for name in identity.columns
    ]
    return list(zip(*columns, *places, strict=True)) if columns or places else [()] * batch.length


def _without_rows(inputs: ExecutionInputs) -> EvaluationContext:
    """For what is computed once: moments, cursors and budgets."""
    return EvaluationContext(inputs.literals, inputs.parameters, inputs.now_us, _no_rows, no_snippets)


def _no_rows(*_: Any, **__: Any) -> Column:
    raise AssertionError("the binder lets no column into as of")


@dataclass(frozen=True)
class EmbeddedPlan:
    """A physical plan with what it needs for execution. `explain` is None, "plan" or "analyze"."""

    plan: PhysicalPlan
    explain: str | None
    collections_read: frozenset[str]
    views: ViewProvider
    embed: Embed

    def execute(self, inputs: ExecutionInputs) -> Answer:
        """The result, or with `explain` the plan. Raises EvaluationError where a value cannot be computed with, else
        PaasqErrors.
        """
        started = time.perf_counter()
        with ExitStack() as stack:
            inputs, view = self._opened(inputs, stack)
            run = self._run(view, inputs)
            if self.explain == "plan":
                return self._explained(run, inputs, None, started)
            measured = PlanMetrics()
            batch = self._execute(run, measured)
            if (before := self._answer_before(inputs, _without_rows(inputs))) is not None:
                batch = batch.filter(rows_after_cursor(batch, before))
            if self.explain == "analyze":
                return self._explained(run, inputs, measured, started)
            return _answer(self.plan, run, batch, started)

    def time_ms_max(self, inputs: ExecutionInputs) -> float | None:
        return None if self.plan.budget is None else self.plan.budget.evaluate_limits(_without_rows(inputs)).time_ms

    def _opened(self, inputs: ExecutionInputs, stack: ExitStack) -> tuple[ExecutionInputs, IndexView]:
        """A page goes on in the state and at the time of the first one, whatever was written since. Raises StoreError where
        that state is not there any more: it was trimmed, or something was forgotten, without which rows rank otherwise."""
        values = _without_rows(inputs)
        page, digest = self.plan.page, partial(self.plan.fingerprint.digest, values)
        cursor = self._answer_before(inputs, values) if page is None else page.read_cursor(values, digest)
        if cursor is None:
            return inputs, stack.enter_context(self.views.open(inputs))
        try:
            if self.views.as_of is None:
                view = stack.enter_context(self.views.open_kept(inputs, cursor.seq))
            else:
                view = stack.enter_context(self.views.open(inputs))
            self._require_unchanged(view, cursor)
        except StoreError as error:
            raise StoreError(error.message, "start with the first page again, without after") from error
        return inputs if cursor.now_us is None else replace(inputs, now_us=cursor.now_us), view

    def _answer_before(self, inputs: ExecutionInputs, values: EvaluationContext) -> Cursor | None:
        """The cursor of the answer that this one follows. Raises EvaluationError where it is none, or of another query."""
        return None if inputs.after is None else decode_cursor(inputs.after, self.plan.fingerprint.digest(values))

    def _require_unchanged(self, view: IndexView, cursor: Cursor) -> None:
        """Raises StoreError where the past that the first page was read from is another one now."""
        for collection in view.catalog.collections.values():
            if collection.name in self.collections_read:
                view.store.require_kept(collection.id)
        if was_forgotten_since(view.store, cursor.receipt, self.collections_read):
            raise StoreError("something was forgotten since the first page, so that its rows rank otherwise now", "")

    def row_versions(self, inputs: ExecutionInputs) -> list[tuple[str, int]]:
        """Keys and versions of all rows. Raises LimitExceeded where a subquery was cut short, so that rows may be missing."""
        with self.views.open(inputs) as view:
            run = self._run(view, inputs)
            batch = self._execute(run, PlanMetrics())
            if run.reasons:
                raise LimitExceeded(
                    f"a pipeline in brackets did not give all its values ({run.reasons[0]}), so that the rows are uncertain",
                    "give it more time, or leave out of it what is not exact",
                )
            columns = [column_to_values(batch.column(name)) for name in ("_key", "_version")]
        return [(str(key), int(str(version))) for key, version in zip(*columns, strict=True)]

    def keyed_result(
        self, inputs: ExecutionInputs, identity: RowIdentity, rows_max: int, seq: int | None
    ) -> KeyedResult:
        with self.views.open(inputs) if seq is None else self.views.open_at(inputs, seq) as view:
            batch = self._execute(self._run(view, inputs), PlanMetrics())
            if batch.length > rows_max:
                raise LimitExceeded(
                    f"a watch may hold {rows_max:,} rows, and this one has {batch.length:,}",
                    "watch fewer of them, with where or take",
                )
            schema = self.plan.schema
            rows = dict(zip(_keys(schema, batch, identity), _rows(batch, schema), strict=True))
            return KeyedResult(self.plan.columns, rows, view.seq, inputs.now_us, last_receipt_number(view.store))

    def fingerprint(self, inputs: ExecutionInputs) -> str:
        return self.plan.fingerprint.digest(_without_rows(inputs))

    def _run(self, view: IndexView, inputs: ExecutionInputs) -> ExecutionContext:
        values = EvaluationContext(
            inputs.literals, inputs.parameters, inputs.now_us, partial(traverse_links, view), _no_rows
        )
        budget, cancel = inputs.budget, inputs.cancellation
        if self.plan.budget is not None:
            own = self.plan.budget.evaluate_limits(values)
            budget, cancel = budget.within(own), cancel.child(own.time_ms)
        limit, reason = (ROWS_MAX, "limit") if budget.rows is None else (budget.rows, "rows")
        digest, time_dependent = partial(self.plan.fingerprint.digest, values), self.plan.fingerprint.time_dependent
        run = ExecutionContext(
            view, values, self.embed, cancel, limit, reason, digest, snippet_column, budget.tokens,
            inputs.reserved_characters, time_dependent,
        )  # fmt: skip
        run.bind_snippets()
        return run

    def _execute(self, run: ExecutionContext, measured: PlanMetrics) -> Batch:
        for init_plan in self.plan.init_plans:
            began = time.perf_counter()
            found = init_plan.execute(run)
            run.evaluation = replace(
                run.evaluation, subquery_results={**run.evaluation.subquery_results, init_plan.subquery: found}
            )
            elapsed_ms = (time.perf_counter() - began) * 1000
            measured.init_plans[init_plan.subquery] = OperatorMetrics(len(found.items), elapsed_ms)
        batch = EMPTY_BATCH
        for operator in self.plan.operators:
            run.cancel.raise_if_cancelled()
            began = time.perf_counter()
            batch = operator.execute(run, batch)
            measured.operators.append(OperatorMetrics(batch.length, (time.perf_counter() - began) * 1000))
        return batch

    def _explained(
        self, run: ExecutionContext, inputs: ExecutionInputs, measured: PlanMetrics | None, started: float
    ) -> Answer:
        lines = plan_lines(self.plan, CardinalityEstimator(run.view, run.evaluation), measured)
        return Answer(
            columns=_PLAN_COLUMNS,
            rows=[_row(line) for line in lines],
            seq=run.view.seq,
            elapsed_ms=(time.perf_counter() - started) * 1000,
            plan=plan_text(inputs.plan_key, hit=inputs.cache_hit, lines=lines, analyzed=measured is not None),
        )


def _row(line: PlanLine) -> list[object]:
    return [line.operator, line.estimated_rows, line.rows, line.elapsed_ms]


def _answer(plan: PhysicalPlan, run: ExecutionContext, batch: Batch, started: float) -> Answer:
    batch = truncate_with_cursor(run, batch, run.rows_max, run.rows_max_reason)
    limits = Limits(None, run.rows_max, run.tokens_max)
    labels = partial(_label_characters, plan, run, batch)
    found = limit_result(_read(batch, plan.schema), limits, run.cancel, plan.columns, labels)
    if found.reason:
        truncate_with_cursor(run, batch, len(found.rows), found.reason)
    if found.cut and found.reason not in run.reasons:  # it is the last row
        run.reasons.insert(0, "tokens")
    if run.depth_limited:
        run.reasons.append("depth")
    if run.cursor is not None:
        run.view.keep()
    if run.view.is_damaged:
        run.reasons.append("damaged")
    answer = Answer(
        columns=plan.columns,
        rows=found.rows,
        complete=not run.reasons,
        reason=run.reasons[0] if run.reasons else None,
        cursor=run.cursor,
        seq=run.view.seq,
        elapsed_ms=(time.perf_counter() - started) * 1000,
        facets=run.facets,
        facet_types=run.facet_types,
        cut=found.cut,
    )
    answer.tokens = tokens_of(answer_measure(plan.columns).labels(answer) + run.reserved_characters + found.characters)
    return answer


def _label_characters(plan: PhysicalPlan, run: ExecutionContext, batch: Batch, count: int, reason: str | None) -> int:
    """Of the answer that has the first `count` rows of the batch, and where `reason` is given leads on behind them."""
    cursor = cursor_at(run, batch, count - 1) if reason and 0 < count < batch.length else run.cursor
    answer = Answer(plan.columns, [], False, reason, cursor, run.view.seq, 0.0, run.facets, run.facet_types)
    return answer_measure(plan.columns).labels(answer) + run.reserved_characters


def _read(batch: Batch, schema: bound.Schema) -> Iterator[list[Any]]:
    """What is shown of each row; some are read at a time."""
    if batch.length <= CHUNK_ROWS:
        yield from _rows(batch, schema)
        return
    for start in range(0, batch.length, CHUNK_ROWS):
        yield from _rows(batch.take(np.arange(start, min(start + CHUNK_ROWS, batch.length))), schema)


def _rows(batch: Batch, schema: bound.Schema) -> list[list[Any]]:
    """What is shown of each row, objects nested."""
    batch.prefetch(c.name for c in schema.visible_columns)
    values = {c.name: column_to_values(batch.column(c.name)) for c in schema.visible_columns}
    columns = [
        values[name] if type_.kind is not TypeKind.OBJECT else _nested(type_, name, values, batch.length)
        for name, type_ in schema.result_types.items()
    ]
    return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in range(batch.length)]


def _nested(type_: Type, name: str, values: Mapping[str, list[Value]], length: int) -> list[Value]:
    def of_row(row: int) -> Value:
        return nest_value(type_, name, lambda column: values[column][row])

    return [of_row(row) for row in range(length)]
