"""The engine in this process: plans of operators over LMDB, Tantivy and numpy columns."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.backends.base import Capability, Result, RunInputs, check_capabilities
from paasq_daemon.index.column import Column
from paasq_daemon.index.indexes import Indexes, IndexView
from paasq_daemon.kernels.build import to_values
from paasq_daemon.kernels.errors import KernelError, shown
from paasq_daemon.kernels.evaluate import RunValues, scalar
from paasq_daemon.operators.affordable import ROWS_AT_ONCE, ROWS_MAX, affordable
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.budget import Budget
from paasq_daemon.operators.page import cut
from paasq_daemon.operators.run import EMPTY, Run
from paasq_daemon.operators.snippets import snippets
from paasq_daemon.operators.traverse import traverse
from paasq_daemon.plan.cost import Estimator
from paasq_daemon.plan.explain import Measured, Measurements, PlanLine, plan_lines, plan_text
from paasq_daemon.plan.physical import PhysicalPlan, physical_plan
from paasq_daemon.snapshot.manifest import read_manifest
from paasq_daemon.wire.errors import LimitExceeded
from paasq_daemon.wire.events import Key
from paasq_daemon.wire.messages import Answer, ColumnInfo
from paasq_daemon.wire.messages import Budget as Limits
from paasq_daemon.wire.values import encode
from paasq_dsl import bound
from paasq_dsl.bound import BoundAsOf, BoundQuery
from paasq_dsl.bound_commands import RowIdentity
from paasq_dsl.catalog import Catalog
from paasq_dsl.objects import nested
from paasq_dsl.types import Kind, Type
from paasq_dsl.values import Value

Embed = Callable[[Catalog, str], NDArray[np.float32]]
_PLAN_COLUMNS = (
    ColumnInfo("operator", "text"),
    ColumnInfo("estimated_rows", "int"),
    ColumnInfo("rows", "int"),
    ColumnInfo("ms", "float"),
)


class EmbeddedBackend:
    """`embed` gives the vector of a query's text."""

    name = "embedded"
    capabilities = frozenset(Capability)

    def __init__(self, indexes: Indexes, embed: Embed, snapshot_folder: Path) -> None:
        self._indexes = indexes
        self._embed = embed
        self._snapshot_folder = snapshot_folder

    def prepare(self, query: BoundQuery) -> PreparedPlan:
        check_capabilities(self, query)
        first = query.stages[0]
        moment = first.as_of if isinstance(first, bound.ScanStage) else None
        reader = Reader(self._indexes, moment, self._snapshot_folder)
        return PreparedPlan(physical_plan(query), query.explain, reader, self._embed)


@dataclass(frozen=True)
class Reader:
    """Opens the view that a plan reads: of now, or of the moment that it names."""

    indexes: Indexes
    moment: BoundAsOf | None
    snapshot_folder: Path

    def open(self, inputs: RunInputs) -> AbstractContextManager[IndexView]:
        """Raises StoreError where the past can't be read any more, SnapshotError where there is no such snapshot."""
        if self.moment is None:
            return self.indexes.read()
        values = RunValues(inputs.literals, inputs.parameters, inputs.now_us, _no_rows, _no_rows)
        value = scalar(self.moment.value, values)
        if self.moment.kind == "snapshot":
            return self.indexes.read_past(read_manifest(self.snapshot_folder, str(value)).seq)
        if not isinstance(value, int) or isinstance(value, bool):
            raise KernelError("PQ0723", self.moment.value.span, found=shown(value))
        return self.indexes.read_past(value)

    @contextmanager
    def at(self, seq: int) -> Iterator[IndexView]:
        """The view of a sequence number, which may be the present one: that is there already."""
        with self.indexes.read() as view:
            if view.seq == seq:
                yield view
                return
        with self.indexes.read_past(seq) as past:
            yield past


def _keys(schema: bound.Schema, batch: Batch, identity: RowIdentity) -> list[Key]:
    """A record's key alone, or what else tells the rows apart in a tuple, as JSON writes it."""
    places: list[list[Any]] = [part.tolist() for part in batch.parts[len(batch.parts) - identity.places :]]
    if identity.columns is None:
        assert batch.source is not None
        assert batch.ordinals is not None
        keys = to_values(batch.source.column("_key").take(batch.ordinals))
        return list(zip(keys, *places, strict=True)) if places else [str(key) for key in keys]
    columns = [
        [encode(v, schema.by_name[name].type) for v in to_values(batch.column(name))] for name in identity.columns
    ]
    return list(zip(*columns, *places, strict=True)) if columns or places else [()] * batch.length


def _no_rows(*_: Any, **__: Any) -> Column:
    raise AssertionError("the binder lets no column into as of")


@dataclass(frozen=True)
class PreparedPlan:
    plan: PhysicalPlan
    explain: str | None
    reader: Reader
    embed: Embed

    def run(self, inputs: RunInputs) -> Answer:
        """Raises KernelError where a value of this run can't be computed with, and PaasqErrors."""
        started = time.perf_counter()
        with self.reader.open(inputs) as view:
            run = self._run(view, inputs)
            if self.explain == "plan":
                return self._explained(run, inputs, None, started)
            measured = Measurements()
            batch = self._execute(run, measured)
            if self.explain == "analyze":
                return self._explained(run, inputs, measured, started)
            return _answer(self.plan, run, batch, started)

    def keys(self, inputs: RunInputs) -> list[tuple[str, int]]:
        """The keys and versions of all rows, for writes that a where chooses."""
        with self.reader.open(inputs) as view:
            run = self._run(view, inputs)
            batch = self._execute(run, Measurements())
            if run.reasons:
                raise LimitExceeded(
                    f"a pipeline in brackets did not give all its values ({run.reasons[0]}), so that the rows are uncertain",
                    "give it more time, or leave out of it what is not exact",
                )
            columns = [to_values(batch.column(name)) for name in ("_key", "_version")]
        return [(str(key), int(str(version))) for key, version in zip(*columns, strict=True)]

    def result(self, inputs: RunInputs, identity: RowIdentity, rows_max: int, seq: int | None) -> Result:
        with self.reader.open(inputs) if seq is None else self.reader.at(seq) as view:
            batch = self._execute(self._run(view, inputs), Measurements())
            if batch.length > rows_max:
                raise LimitExceeded(
                    f"a watch may hold {rows_max:,} rows, and this one has {batch.length:,}",
                    "watch fewer of them, with where or take",
                )
            schema = self.plan.schema
            rows = dict(zip(_keys(schema, batch, identity), _rows(batch, schema), strict=True))
            columns = tuple(ColumnInfo(name, str(type_)) for name, type_ in schema.shown.items())
            return Result(columns, rows, view.seq, inputs.now_us)

    def fingerprint(self, inputs: RunInputs) -> str:
        return self.plan.fingerprint.of(
            RunValues(inputs.literals, inputs.parameters, inputs.now_us, _no_rows, _no_rows)
        )

    def _run(self, view: IndexView, inputs: RunInputs) -> Run:
        values = RunValues(inputs.literals, inputs.parameters, inputs.now_us, partial(traverse, view), _no_rows)
        last = self.plan.operators[-1]
        own = last.limits(values) if isinstance(last, Budget) else Limits()
        budget = inputs.budget.within(own)
        limit, reason = (ROWS_MAX, "limit") if budget.rows is None else (budget.rows, "rows")
        embed, cancel = partial(self.embed, view.catalog), inputs.cancel.within(own.time_ms)
        digits = self.plan.fingerprint.of(values)
        run = Run(view, values, embed, cancel, limit, reason, digits, snippets, budget.tokens)
        run.show_snippets()
        return run

    def _execute(self, run: Run, measured: Measurements) -> Batch:
        for listing in self.plan.listings:
            began = time.perf_counter()
            found = listing.run(run)
            run.values = replace(run.values, listed={**run.values.listed, listing.value: found})
            elapsed_ms = (time.perf_counter() - began) * 1000
            measured.listings[listing.value] = Measured(len(found.items), elapsed_ms)
        batch = EMPTY
        for operator in self.plan.operators:
            run.cancel.check()
            began = time.perf_counter()
            batch = operator.run(run, batch)
            measured.operators.append(Measured(batch.length, (time.perf_counter() - began) * 1000))
        return batch

    def _explained(self, run: Run, inputs: RunInputs, measured: Measurements | None, started: float) -> Answer:
        lines = plan_lines(self.plan, Estimator(run.view, run.values), measured)
        return Answer(
            columns=_PLAN_COLUMNS,
            rows=[_row(line) for line in lines],
            seq=run.view.seq,
            elapsed_ms=(time.perf_counter() - started) * 1000,
            plan=plan_text(inputs.key, hit=inputs.hit, lines=lines, analyzed=measured is not None),
        )


def _row(line: PlanLine) -> list[object]:
    return [line.operator, line.estimated_rows, line.rows, line.elapsed_ms]


def _answer(plan: PhysicalPlan, run: Run, batch: Batch, started: float) -> Answer:
    batch = cut(run, batch, run.rows_max, run.rows_max_reason)
    rows, tokens, reason = affordable(_read(batch, plan.schema), Limits(None, run.rows_max, run.tokens_max), run.cancel)
    if reason:
        cut(run, batch, len(rows), reason)
    if run.depth_cut:
        run.reasons.append("depth")
    return Answer(
        columns=tuple(ColumnInfo(name, str(type_)) for name, type_ in plan.schema.shown.items()),
        rows=rows,
        complete=not run.reasons,
        reason=run.reasons[0] if run.reasons else None,
        cursor=run.cursor,
        seq=run.view.seq,
        elapsed_ms=(time.perf_counter() - started) * 1000,
        facets=run.facets,
        facet_types=run.facet_types,
        tokens=tokens,
    )


def _read(batch: Batch, schema: bound.Schema) -> Iterator[list[Any]]:
    """What is shown of each row; some are read at a time."""
    for start in range(0, batch.length, ROWS_AT_ONCE):
        yield from _rows(batch.take(np.arange(start, min(start + ROWS_AT_ONCE, batch.length))), schema)


def _rows(batch: Batch, schema: bound.Schema) -> list[list[Any]]:
    """What is shown of each row, objects nested."""
    values = {c.name: to_values(batch.column(c.name)) for c in schema.visible}
    columns = [
        values[name] if type_.kind is not Kind.OBJECT else _nested(type_, name, values, batch.length)
        for name, type_ in schema.shown.items()
    ]
    return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in range(batch.length)]


def _nested(type_: Type, name: str, values: Mapping[str, list[Value]], length: int) -> list[Value]:
    def of_row(row: int) -> Value:
        return nested(type_, name, lambda column: values[column][row])

    return [of_row(row) for row in range(length)]
