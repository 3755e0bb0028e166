"""Writes of a text or of a client, each all or nothing, acknowledged when durable."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.compiler import PreparedTransaction
from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.kernels.evaluate import EvaluationContext
from paasq_daemon.store.group_commit import CommitResult, Work
from paasq_daemon.store.record import Record
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.answer import Answer, ColumnInfo, PutResult
from paasq_daemon.wire.errors import ConflictError, InvalidValue, PaasqError
from paasq_daemon.writes.apply import (
    ChosenRows,
    SourceRows,
    WriteResult,
    WriteRows,
    apply_write,
    rows_visible_in_transaction,
)
from paasq_daemon.writes.computed_fields import add_computed_fields
from paasq_daemon.writes.ddl import check_unchanged, create_collection
from paasq_daemon.writes.decided_writes import (
    RECORDS_MAX,
    DecidedWrites,
    decide_writes,
    numbered,
    reads_first,
    writes_decider,
)
from paasq_daemon.writes.dry_run import COLUMNS, DryRunRollback, diff_rows
from paasq_daemon.writes.optimistic_check import check_unmodified, system_values
from paasq_daemon.writes.put_record import put_record
from paasq_daemon.writes.serializable_write import Decision, write_serializable
from paasq_daemon.writes.unique_index import UniqueIndex
from paasq_daemon.writes.validation import record_from_json
from paasq_daemon.writes.vectorizer import Vectorizer
from paasq_dsl.bound import BoundWrite
from paasq_dsl.catalog import Collection

KEYS_SHOWN_MAX = 1_000  # of the keys that a write names in its answer

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
        return self._answer(self._write(transaction, inputs, catalog_version, self._work))

    def dryrun(self, transaction: PreparedTransaction, inputs: ExecutionInputs, catalog_version: int) -> Answer:
        """What the transaction would change: it runs, and is rolled back."""
        return self._rolled_back(lambda: self._write(transaction, inputs, catalog_version, self._dry_work))

    def execute_decided(self, decision: Decision[DecidedWrites]) -> Answer:
        """As `execute`, of what another process decided. Raises ChangedMeanwhile where what it read is another by now."""
        return self._answer(self.store.write(decision.guarded(self._work(decision.value))).result())

    def dryrun_decided(self, decision: Decision[DecidedWrites]) -> Answer:
        """As `dryrun`, of what another process decided. Raises ChangedMeanwhile where what it read is another by now."""
        work = decision.guarded(self._dry_work(decision.value))
        return self._rolled_back(lambda: self.store.write(work).result())

    def _write(
        self,
        transaction: PreparedTransaction,
        inputs: ExecutionInputs,
        catalog_version: int,
        apply: Callable[[DecidedWrites], Work[T]],
    ) -> CommitResult[T]:
        if not reads_first(transaction):
            return self.store.write(apply(decide_writes(transaction, inputs, None))).result()
        decider = writes_decider(transaction, inputs, catalog_version)
        return write_serializable(self.store, self.indexes, decider, apply, inputs.cancellation.raise_if_cancelled)

    def _answer(self, committed: CommitResult[list[WriteResult]]) -> Answer:
        fresh = [record for written in committed.value for record in written.new_records]
        seq = self._with_vectors(fresh, committed.seq)
        rows = [[w.operation, w.collection, len(w.keys), list(w.keys[:KEYS_SHOWN_MAX])] for w in committed.value]
        return Answer(_COLUMNS, rows, seq=seq)

    def _rolled_back(self, write: Callable[[], object]) -> Answer:
        try:
            write()
        except DryRunRollback as ended:
            return Answer(COLUMNS, ended.rows, seq=self.store.seq)
        raise AssertionError("a dry run ends by its exception")

    def _work(self, decided: DecidedWrites) -> Work[list[WriteResult]]:
        """Applies the writes, in the writer's thread."""

        def work(open_transaction: WriteTransaction) -> list[WriteResult]:
            self.unique.catch_up(open_transaction)
            for write in decided.writes:
                check_unchanged(open_transaction, write.collection)
            written: list[WriteResult] = []
            for number, (write, rows) in enumerate(zip(decided.writes, decided.rows, strict=True), 1):
                try:
                    written.append(_applied(open_transaction, write, decided.values, rows, written))
                except (ConflictError, InvalidValue) as error:
                    raise numbered(error, write, number, len(decided.writes)) from None
            self.unique.check(open_transaction)
            return written

        return work

    def _dry_work(self, decided: DecidedWrites) -> Work[None]:
        work = self._work(decided)

        def run(transaction: WriteTransaction) -> None:
            work(transaction)
            raise DryRunRollback(diff_rows(transaction))

        return run

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


def _applied(
    transaction: WriteTransaction, write: BoundWrite, values: EvaluationContext, rows: WriteRows,
    before: Sequence[WriteResult],
) -> WriteResult:  # fmt: skip
    """A where sees the results of the writes `before` it."""
    touched = [key for written in before if written.collection == write.collection.name for key in written.keys]
    if isinstance(rows, SourceRows):
        rows.check_unmodified(transaction, write.collection, touched)
    elif touched and isinstance(rows, ChosenRows):
        rows = ChosenRows(rows_visible_in_transaction(transaction, write, values, rows.versions, touched))
    return apply_write(transaction, write, values, rows)
