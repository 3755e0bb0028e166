"""Writes of a text or of a client, each all or nothing, acknowledged when durable."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.compiler import PreparedTransaction, PreparedWrite, write_word
from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.kernels.evaluate import EvaluationContext
from paasq_daemon.store.group_commit import CommitResult, Work
from paasq_daemon.store.historical_view import HistoricalView
from paasq_daemon.store.record import Record
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.answer import Answer, ColumnInfo, PutResult
from paasq_daemon.wire.errors import ConflictError, InvalidValue, LimitExceeded, PaasqError
from paasq_daemon.wire.request import Budget
from paasq_daemon.writes.apply import (
    RowVersions,
    SourceRows,
    WriteResult,
    apply_write,
    constant_context,
    rows_visible_in_transaction,
)
from paasq_daemon.writes.computed_fields import add_computed_fields
from paasq_daemon.writes.ddl import check_unchanged, create_collection
from paasq_daemon.writes.dry_run import COLUMNS, DryRunRollback, diff_rows
from paasq_daemon.writes.optimistic_check import check_unmodified, system_values
from paasq_daemon.writes.put_record import put_record
from paasq_daemon.writes.serializable_write import SerializableWrite
from paasq_daemon.writes.unique_index import UniqueIndex
from paasq_daemon.writes.validation import record_from_json
from paasq_daemon.writes.vectorizer import Vectorizer
from paasq_dsl.bound import BoundPut, BoundWrite, ScanStage
from paasq_dsl.catalog import Collection

KEYS_SHOWN_MAX = 1_000  # of the keys that a write names in its answer
_CUTS = frozenset({"rows", "tokens", "time", "pending", "damaged"})  # reasons of answers that lack rows unasked
RECORDS_MAX = 10_000  # of one put, so that no client holds the writer for long

T = TypeVar("T")

_log = logging.getLogger(__name__)

_COLUMNS = (
    ColumnInfo("write", "keyword"),
    ColumnInfo("collection", "keyword"),
    ColumnInfo("records", "int"),
    ColumnInfo("keys", "[keyword]"),
)


@dataclass(frozen=True)
class Transactor:
    """Runs writes; all are durable when a method returns. The vectors of small writes are made before that too, so that a
    client's next `near` finds what it wrote.
    """

    store: Store
    indexes: Indexes
    vectors: Vectorizer
    unique: UniqueIndex = field(default_factory=UniqueIndex)

    def execute(self, transaction: PreparedTransaction, inputs: ExecutionInputs, catalog_version: int) -> Answer:
        """All writes or none, one row for each. What they read stays so until they are written. Raises ConflictError where an
        expect does not hold, CatalogChanged where the catalog is not of that version."""
        committed = self._write(transaction, inputs, catalog_version, lambda work: work)
        fresh = [record for written in committed.value for record in written.new_records]
        seq = self._with_vectors(fresh, committed.seq)
        rows = [[w.operation, w.collection, len(w.keys), list(w.keys[:KEYS_SHOWN_MAX])] for w in committed.value]
        return Answer(_COLUMNS, rows, seq=seq)

    def dryrun(self, transaction: PreparedTransaction, inputs: ExecutionInputs, catalog_version: int) -> Answer:
        """What the transaction would change: it runs, and is rolled back."""
        try:
            self._write(transaction, inputs, catalog_version, _rolled_back)
        except DryRunRollback as ended:
            return Answer(COLUMNS, ended.rows, seq=self.store.seq)
        raise AssertionError("a dry run ends by its exception")

    def _write(
        self,
        transaction: PreparedTransaction,
        inputs: ExecutionInputs,
        catalog_version: int,
        as_asked: Callable[[Work[list[WriteResult]]], Work[T]],
    ) -> CommitResult[T]:
        sources = [prepared.source.query for prepared in transaction.writes if prepared.source is not None]
        if not sources:
            return self.store.write(as_asked(self._work(transaction, inputs))).result()
        return SerializableWrite(
            lambda view: as_asked(self._work(transaction, replace(inputs, view=view))),
            frozenset[str]().union(*(query.properties.collections_read for query in sources)),
            catalog_version,
        ).run(self.store, self.indexes, inputs.cancellation.raise_if_cancelled)

    def _work(self, transaction: PreparedTransaction, inputs: ExecutionInputs) -> Work[list[WriteResult]]:
        """Choose the rows now; the function returned applies the writes, in the writer's thread."""
        values = constant_context(inputs.literals, inputs.parameters, inputs.now_us)
        chosen = [_chosen(prepared, inputs) for prepared in transaction.writes]

        def work(open_transaction: WriteTransaction) -> list[WriteResult]:
            self.unique.catch_up(open_transaction)
            for prepared in transaction.writes:
                check_unchanged(open_transaction, prepared.write.collection)
            written: list[WriteResult] = []
            for number, (prepared, rows) in enumerate(zip(transaction.writes, chosen, strict=True), 1):
                try:
                    written.append(_applied(open_transaction, prepared.write, values, rows, written))
                except (ConflictError, InvalidValue) as error:
                    raise _numbered(error, prepared.write, number, len(chosen)) from None
            self.unique.check(open_transaction)
            return written

        return work

    def put_json(self, collection: Collection, records: list[dict[str, Any]]) -> PutResult:
        """Raises InvalidValue naming the record by its key, or by its place, from 1, where there are several; ConflictError
        where a record comes with a `_version` that is not the live one."""
        if len(records) > RECORDS_MAX:
            raise InvalidValue(
                f"{len(records):,} records are more than one put takes", f"put {RECORDS_MAX:,} at a time"
            )
        checked: list[dict[str, Any]] = []
        read: list[dict[str, Any]] = []
        for place, record in enumerate(records, 1):
            try:
                checked.append(record_from_json(collection, record))
                read.append(system_values(record))
            except InvalidValue as error:
                where = f"record {place}: " if len(records) > 1 else ""
                raise InvalidValue(f"{where}{error.message}", error.hint) from None
        complete = add_computed_fields(collection, checked)

        def work(transaction: WriteTransaction) -> list[Record]:
            self.unique.catch_up(transaction)
            check_unchanged(transaction, collection)
            written: list[Record] = []
            for record, kept in zip(complete, read, strict=True):
                check_unmodified(transaction, collection, record, kept)
                written.append(put_record(transaction, collection, record))
            self.unique.check(transaction)
            return written

        committed = self.store.write(work).result()
        seq = self._with_vectors(committed.value, committed.seq)
        return PutResult(tuple(record.key for record in committed.value), seq)

    def create_collection(self, collection: Collection) -> Answer:
        """Declare a collection; one that exists with the same fields is left as it is."""
        work = partial(create_collection, collection=collection, embedder=self.vectors.embedder)
        committed = self.store.write(work).result()
        columns = (ColumnInfo("collection", "keyword"), ColumnInfo("created", "bool"))
        return Answer(columns, [[collection.name, committed.value]], seq=committed.seq)

    def _with_vectors(self, fresh: list[Record], seq: int) -> int:
        """The records are durable, so that no failure behind them may look like one of the write: vectors stay pending."""
        try:
            filled = self.vectors.embed_new(fresh)
        except PaasqError as error:
            _log.warning("the vectors of a write stay pending: %s", error.message)
        except Exception:  # noqa: BLE001  # whatever the model or a change of the schema meanwhile does
            _log.exception("the vectors of a write stay pending")
        else:
            return seq if filled is None else filled
        self.vectors.pending_added.set()
        return seq


def _rolled_back(work: Work[list[WriteResult]]) -> Work[None]:
    def run(transaction: WriteTransaction) -> None:
        work(transaction)
        raise DryRunRollback(diff_rows(transaction))

    return run


def _applied(
    transaction: WriteTransaction, write: BoundWrite, values: EvaluationContext, rows: RowVersions | SourceRows | None,
    before: Sequence[WriteResult],
) -> WriteResult:  # fmt: skip
    """A where sees the results of the writes `before` it."""
    touched = [key for written in before if written.collection == write.collection.name for key in written.keys]
    if isinstance(rows, SourceRows):
        rows.check_unmodified(transaction, write.collection, touched)
    elif touched and rows is not None:
        rows = rows_visible_in_transaction(transaction, write, values, rows, touched)
    return apply_write(transaction, write, values, rows)


def _numbered(
    error: ConflictError | InvalidValue, write: BoundWrite, number: int, count: int
) -> ConflictError | InvalidValue:
    """The error with the place of its write among several."""
    if count == 1:
        return error
    where = f"write {number} of {count}, {write_word(write)} {write.collection.name}"
    return type(error)(f"{where}: {error.message}", error.hint)


def _chosen(prepared: PreparedWrite, inputs: ExecutionInputs) -> RowVersions | SourceRows | None:
    """The keys and versions of the rows that a where chooses, or the rows of a put's pipeline."""
    if prepared.source is None:
        return None
    if not isinstance(prepared.write, BoundPut):
        return prepared.source.plan.row_versions(inputs)
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
