"""Views and fields that come, change and go, and collections that go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.commands.runner import CommandRunner, CommandServices, table_answer
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.answer import Answer
from paasq_daemon.writes.ddl import (
    alter_collection,
    drop_collection,
    drop_view,
    set_retention,
    set_store_history,
    set_view,
)
from paasq_dsl.bound import (
    BoundAlterCollection,
    BoundCreateView,
    BoundDropCollection,
    BoundDropView,
    BoundSetRetention,
    BoundSetStoreHistory,
)

_COLUMNS = (("change", "keyword"), ("name", "keyword"), ("records", "int"))


def _create_view(services: CommandServices, command: BoundCreateView, _: ExecutionInputs) -> Answer:
    return _changed(services, command.keyword, command.view.name, partial(set_view, view=command.view))


def _drop_view(services: CommandServices, command: BoundDropView, _: ExecutionInputs) -> Answer:
    return _changed(services, command.keyword, command.view.name, partial(drop_view, name=command.view.name))


def _drop_collection(services: CommandServices, command: BoundDropCollection, _: ExecutionInputs) -> Answer:
    work = partial(drop_collection, collection=command.collection, and_records=command.and_records)
    return _changed(services, command.keyword, command.collection.name, work)


def _alter(services: CommandServices, command: BoundAlterCollection, _: ExecutionInputs) -> Answer:
    work = partial(alter_collection, alter=command, embedder=services.vectors.embedder)
    answer = _changed(services, f"{command.action} field", command.collection.name, work)
    services.vectors.pending_added.set()
    return answer


def _set_retention(services: CommandServices, command: BoundSetRetention, _: ExecutionInputs) -> Answer:
    return _changed(services, command.change, command.collection.name, partial(set_retention, command=command))


def _set_store_history(services: CommandServices, command: BoundSetStoreHistory, _: ExecutionInputs) -> Answer:
    change = f"set {command.history}" if command.history else "drop history"
    return _changed(services, change, "store", partial(set_store_history, bound=command.history))


def _changed(services: CommandServices, what: str, name: str, work: Callable[[WriteTransaction], int]) -> Answer:
    """`work` gives how many records it touched."""
    committed = services.store.write(work).result()
    return table_answer(_COLUMNS, [[what, name, committed.value]], committed.seq)


RUNNERS: Mapping[type, CommandRunner] = {
    BoundCreateView: _create_view, BoundDropView: _drop_view, BoundDropCollection: _drop_collection,
    BoundAlterCollection: _alter, BoundSetRetention: _set_retention, BoundSetStoreHistory: _set_store_history,
}  # fmt: skip
