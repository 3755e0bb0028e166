"""Running the statements that are neither queries nor writes of records."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.commands.resolve import read_citations, resolve_citations
from paasq_daemon.commands.show import describe, show
from paasq_daemon.kernels.evaluate import evaluate_scalar
from paasq_daemon.services.snapshots import SnapshotService
from paasq_daemon.snapshot.listing import SnapshotInfo
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.answer import Answer, ColumnInfo
from paasq_daemon.writes.apply import constant_context
from paasq_daemon.writes.ddl import alter_collection, drop_collection, drop_view, set_view
from paasq_daemon.writes.vectorizer import Vectorizer
from paasq_dsl.bound import (
    BoundAlterCollection,
    BoundCommand,
    BoundCreateSnapshot,
    BoundCreateView,
    BoundDescribe,
    BoundDropCollection,
    BoundDropView,
    BoundExpression,
    BoundResolveCitations,
    BoundShow,
    BoundVerifySnapshot,
)
from paasq_dsl.values import parse_time

_SNAPSHOT = (("name", "keyword"), ("created", "time"), ("seq", "int"), ("records", "int"), ("new_bytes", "int"))


@dataclass(frozen=True)
class CommandDispatcher:
    """Runs bound commands: a method for each, found by the command's class."""

    store: Store
    vectors: Vectorizer
    snapshots: SnapshotService

    def execute(self, command: BoundCommand, inputs: ExecutionInputs) -> Answer:
        """Raises PaasqErrors, KernelError where the name of a snapshot is none."""
        return _RUNNERS[type(command)](self, command, inputs)

    def _show(self, command: BoundShow, inputs: ExecutionInputs) -> Answer:
        if command.kind == "snapshots":
            rows = [_snapshot_row(info) for info in self.snapshots.list() if info.created is not None]
            return _answer(_SNAPSHOT, rows, self.store.seq)
        assert inputs.view is not None
        return show(inputs.view, command)

    def _describe(self, command: BoundDescribe, inputs: ExecutionInputs) -> Answer:
        assert inputs.view is not None
        return describe(inputs.view, command)

    def _snapshot(self, command: BoundCreateSnapshot, inputs: ExecutionInputs) -> Answer:
        made = self.snapshots.create(_name(command.name, inputs))
        return _answer(_SNAPSHOT, [_snapshot_row(made)], made.seq)

    def _verify(self, command: BoundVerifySnapshot, inputs: ExecutionInputs) -> Answer:
        """Every byte is hashed; a row for each thing that is wrong."""
        name = _name(command.name, inputs)
        done = self.snapshots.verify(name)
        columns = (("name", "keyword"), ("ok", "bool"), ("findings", "[text]"))
        return _answer(columns, [[name, not done.findings, [str(f) for f in done.findings]]], self.store.seq)

    def _resolve(self, command: BoundResolveCitations, inputs: ExecutionInputs) -> Answer:
        values = constant_context(inputs.literals, inputs.parameters, inputs.now_us)
        citations = read_citations(command.citations, values)
        assert inputs.view is not None
        return resolve_citations(inputs.view, citations, inputs)

    def _view(self, command: BoundCreateView, _: ExecutionInputs) -> Answer:
        return self._changed(command.keyword, command.view.name, partial(set_view, view=command.view))

    def _drop_view(self, command: BoundDropView, _: ExecutionInputs) -> Answer:
        return self._changed(command.keyword, command.view.name, partial(drop_view, name=command.view.name))

    def _drop_collection(self, command: BoundDropCollection, _: ExecutionInputs) -> Answer:
        work = partial(drop_collection, collection=command.collection, and_records=command.and_records)
        return self._changed(command.keyword, command.collection.name, work)

    def _alter(self, command: BoundAlterCollection, _: ExecutionInputs) -> Answer:
        work = partial(alter_collection, alter=command, embedder=self.vectors.embedder)
        answer = self._changed(f"{command.action} field", command.collection.name, work)
        self.vectors.pending_added.set()
        return answer

    def _changed(self, what: str, name: str, work: Callable[[WriteTransaction], int]) -> Answer:
        """`work` gives how many records it touched."""
        committed = self.store.write(work).result()
        columns = (("change", "keyword"), ("name", "keyword"), ("records", "int"))
        return _answer(columns, [[what, name, committed.value]], committed.seq)


def _name(bound: BoundExpression, inputs: ExecutionInputs) -> str:
    return str(evaluate_scalar(bound, constant_context(inputs.literals, inputs.parameters, inputs.now_us)))


def _snapshot_row(info: SnapshotInfo) -> list[Any]:
    assert info.created is not None
    records = sum((info.collections or {}).values())
    return [info.name, parse_time(info.created), info.seq, records, info.new_bytes]


def _answer(columns: tuple[tuple[str, str], ...], rows: list[list[Any]], seq: int) -> Answer:
    return Answer(tuple(ColumnInfo(*column) for column in columns), rows, seq=seq)


_RUNNERS: dict[type, Callable[[CommandDispatcher, Any, ExecutionInputs], Answer]] = {
    BoundShow: CommandDispatcher._show,  # noqa: SLF001  # the table of this class
    BoundDescribe: CommandDispatcher._describe,  # noqa: SLF001  # the table of this class
    BoundCreateSnapshot: CommandDispatcher._snapshot,  # noqa: SLF001  # the table of this class
    BoundVerifySnapshot: CommandDispatcher._verify,  # noqa: SLF001  # the table of this class
    BoundResolveCitations: CommandDispatcher._resolve,  # noqa: SLF001  # the table of this class
    BoundCreateView: CommandDispatcher._view,  # noqa: SLF001  # the table of this class
    BoundDropView: CommandDispatcher._drop_view,  # noqa: SLF001  # the table of this class
    BoundDropCollection: CommandDispatcher._drop_collection,  # noqa: SLF001  # the table of this class
    BoundAlterCollection: CommandDispatcher._alter,  # noqa: SLF001  # the table of this class
}
