"""The statements of a schema's changes, run one after another in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from paasq_daemon.embed.embedder import Embedder
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import ConflictError, InvalidValue
from paasq_daemon.writes.ddl import (
    alter_collection,
    create_collection,
    drop_collection,
    drop_view,
    set_retention,
    set_store_history,
    set_view,
)
from paasq_dsl.binder.script import bind_script
from paasq_dsl.bound import (
    BoundAlterCollection,
    BoundCreateCollection,
    BoundCreateView,
    BoundDropCollection,
    BoundDropView,
    BoundSetRetention,
    BoundSetStoreHistory,
)
from paasq_dsl.schema.differences import SchemaChange
from paasq_dsl.schema.script import pipeline_text
from paasq_dsl.syntax.parser import parse_script


def apply_changes(transaction: WriteTransaction, changes: Sequence[SchemaChange], embedder: Embedder) -> list[int]:
    """Of each change how many records it rewrote, deleted, or left without a vector.

    Raises InvalidValue or ConflictError, naming the change, where a record does not fit; what came before it is then rolled back
    with it.
    """
    counts: list[int] = []
    for number, change in enumerate(changes, 1):
        try:
            counts.append(_run(transaction, change.statement, embedder))
        except (ConflictError, InvalidValue) as error:
            where = f"change {number} of {len(changes)}, {change.statement.splitlines()[0]:.80}"
            raise type(error)(f"{where}: {error.message}; nothing is changed", error.hint) from None
    return counts


def _run(transaction: WriteTransaction, statement: str, embedder: Embedder) -> int:
    """Bound against the catalog that the changes before it leave."""
    script, wrong = parse_script(statement)
    found = bind_script(script, transaction.catalog)
    if problems := (*wrong, *found.diagnostics):
        raise InvalidValue(problems[0].message, "change the script")
    match found.statements[0]:
        case BoundCreateCollection(collection):
            create_collection(transaction, collection, embedder)
            return 0
        case BoundCreateView(view, _, span):
            return set_view(transaction, replace(view, definition=pipeline_text(statement[span.start : span.end])))
        case BoundDropView(view):
            return drop_view(transaction, view.name)
        case BoundDropCollection(collection, and_records):
            return drop_collection(transaction, collection, and_records=and_records)
        case BoundAlterCollection() as alter:
            return alter_collection(transaction, alter, embedder)
        case BoundSetRetention() as command:
            return set_retention(transaction, command)
        case BoundSetStoreHistory(bound):
            return set_store_history(transaction, bound)
        case other:
            raise AssertionError(f"a schema is changed by no {type(other).__name__}")
