"""What writes decide before the writer's turn: the rows that a where chooses, and the values that they are given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.compiler import PreparedTransaction, PreparedWrite, write_word
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.kernels.evaluate import EvaluationContext
from paasq_daemon.store.historical_view import HistoricalView
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.wire.errors import ConflictError, InvalidValue, LimitExceeded
from paasq_daemon.wire.request import Budget
from paasq_daemon.writes.apply import (
    ChosenRows,
    GivenRecords,
    RowVersions,
    SourceRows,
    WriteRows,
    assigned_records,
    constant_context,
    patched_record,
)
from paasq_daemon.writes.serializable_write import Decider
from paasq_dsl.bound import BoundPatch, BoundPut, BoundWrite, ScanStage
from paasq_dsl.values import Value

RECORDS_MAX = 10_000  # of one put, so that no client holds the writer for long
_CUTS = frozenset({"rows", "tokens", "time", "pending", "damaged"})  # reasons of answers that lack rows unasked


@dataclass(frozen=True)
class DecidedWrites:
    """Bound writes with their rows, and what their expressions are evaluated with. It can be sent to another process."""

    writes: tuple[BoundWrite, ...]
    rows: tuple[WriteRows, ...]
    literals: tuple[Value, ...]
    parameters: Mapping[str, Any]
    now_us: int

    @property
    def values(self) -> EvaluationContext:
        """For expressions outside a query."""
        return constant_context(self.literals, self.parameters, self.now_us)


def reads_first(transaction: PreparedTransaction) -> bool:
    """Does one of the writes choose its rows on a view?"""
    return any(prepared.source is not None for prepared in transaction.writes)


def writes_decider(
    transaction: PreparedTransaction, inputs: ExecutionInputs, catalog_version: int
) -> Decider[DecidedWrites]:
    """Decides on a view; depends on the collections that the writes read."""
    queries = [prepared.source.query for prepared in transaction.writes if prepared.source is not None]
    reads = frozenset[str]().union(*(query.properties.collections_read for query in queries))
    return Decider(partial(decide_writes, transaction, inputs), reads, catalog_version)


def decide_writes(transaction: PreparedTransaction, inputs: ExecutionInputs, view: IndexView | None) -> DecidedWrites:
    """`view` may be None where no write reads first. Raises InvalidValue, LimitExceeded, and what evaluation raises."""
    inputs = replace(inputs, view=view)
    values = constant_context(inputs.literals, inputs.parameters, inputs.now_us)
    rows: list[WriteRows] = []
    for number, prepared in enumerate(transaction.writes, 1):
        try:
            rows.append(_rows(prepared, inputs, values))
        except InvalidValue as error:
            raise numbered(error, prepared.write, number, len(transaction.writes)) from None
    writes = tuple(prepared.write for prepared in transaction.writes)
    return DecidedWrites(writes, tuple(rows), inputs.literals, inputs.parameters, inputs.now_us)


def numbered(
    error: ConflictError | InvalidValue, write: BoundWrite, number: int, count: int
) -> ConflictError | InvalidValue:
    """The error with the place of its write among several."""
    if count == 1:
        return error
    where = f"write {number} of {count}, {write_word(write)} {write.collection.name}"
    return type(error)(f"{where}: {error.message}", error.hint)


def _rows(prepared: PreparedWrite, inputs: ExecutionInputs, values: EvaluationContext) -> WriteRows:
    write = prepared.write
    if prepared.source is None:
        return GivenRecords(assigned_records(write, values)) if isinstance(write, BoundPut) else None
    if isinstance(write, BoundPut):
        return _source_rows(prepared, inputs)
    versions = prepared.source.plan.row_versions(inputs)
    if not isinstance(write, BoundPatch):
        return ChosenRows(versions)
    assert inputs.view is not None
    return ChosenRows(versions, _patched(inputs.view.store, write, values, versions, inputs))


def _patched(
    store: ReadView, write: BoundPatch, values: EvaluationContext, versions: RowVersions, inputs: ExecutionInputs
) -> list[dict[str, Any]] | None:
    """The records as they are to be; None where one of them is no more as the view's indexes have it."""
    changed: list[dict[str, Any]] = []
    for key, version in versions:
        inputs.cancellation.raise_if_cancelled()
        record = store.get(write.collection.id, key)
        if record is None or record.version != version:
            return None
        changed.append(patched_record(store, write, record, values))
    return changed


def _source_rows(prepared: PreparedWrite, inputs: ExecutionInputs) -> SourceRows:
    """The rows of a put's pipeline."""
    assert prepared.source is not None
    answer = prepared.source.plan.execute(replace(inputs, budget=Budget(rows=RECORDS_MAX)))
    if answer.reason == "rows" and len(answer.rows) >= RECORDS_MAX:
        raise InvalidValue(f"the pipeline gives more than {RECORDS_MAX:,} records", "put them in parts, with a where")
    if answer.reason in _CUTS:
        raise LimitExceeded(
            f"the pipeline gave only a part of its rows ({answer.reason}), and nothing was written",
            "give it more, or write with take or where which rows are meant",
        )
    assert inputs.view is not None
    store, first = inputs.view.store, prepared.source.query.stages[0]
    if answer.seq != store.seq and not (
        isinstance(first, ScanStage) and first.as_of
    ):  # a page, of the first one's state
        store = HistoricalView(store, answer.seq)
    collection, names = prepared.write.collection, tuple(column.name for column in answer.columns)
    place = names.index(collection.key) if collection.key in names else None
    keys = [] if place is None else [row[place] for row in answer.rows]
    versions = {key: store.version(collection.id, key) for key in keys if isinstance(key, str) and key}
    return SourceRows(names, answer.rows, versions)
