"""Bringing a store to the schema that a script declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paasq_daemon.compiler import query_error
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import InvalidValue
from paasq_daemon.writes.schema_application import apply_changes
from paasq_daemon.writes.vectorizer import Vectorizer
from paasq_dsl.diagnostics import has_errors
from paasq_dsl.schema.differences import Risk, SchemaChange, UnknownRename, schema_changes
from paasq_dsl.schema.script import declared_schema
from paasq_dsl.source_text import SourceText


class _DryRunEnd(Exception):
    """Rolls the transaction of a dry run back."""

    def __init__(self, changes: list[dict[str, Any]]) -> None:
        self.changes = changes


@dataclass(eq=False)
class SchemaService:
    """May be called from any thread."""

    store: Store
    vectors: Vectorizer

    def apply(
        self, text: str, *, renames: Mapping[str, str], whole: bool = False, drop: bool = False, dry_run: bool = True,
        source_name: str = "<schema>",
    ) -> dict[str, Any]:  # fmt: skip
        """Make all changes that lead to what a script declares, or none: JSON with each statement, its risk and how many
        records it concerned.

        `renames` are old names, `collection.field`, to new ones. What the script does not declare stays, or goes where it is
        the `whole` schema. What loses data is refused without `drop`. A dry run does all and rolls it back. Raises QueryError
        where the script is wrong; InvalidValue or ConflictError where a change is refused, or a record does not fit.
        """
        wanted, wrong = declared_schema(text)
        if has_errors(wrong):
            raise query_error(wrong, SourceText(text, source_name))

        def work(transaction: WriteTransaction) -> list[dict[str, Any]]:
            try:
                changes = schema_changes(transaction.catalog, wanted, _nested(renames), whole=whole)
            except UnknownRename as error:
                raise InvalidValue(
                    str(error), "give COLLECTION.OLD=NEW, as the store and the script have them"
                ) from None
            _check(changes, losing=drop or dry_run)
            counts = apply_changes(transaction, changes, self.vectors.embedder)
            found = [_to_json(change, count) for change, count in zip(changes, counts, strict=True)]
            if dry_run:
                raise _DryRunEnd(found)
            return found

        try:
            committed = self.store.write(work).result()
        except _DryRunEnd as ended:
            return {"changes": ended.changes, "applied": False, "seq": self.store.seq}
        self.vectors.pending_added.set()
        return {"changes": committed.value, "applied": True, "seq": committed.seq}


def _check(changes: Sequence[SchemaChange], *, losing: bool) -> None:
    for change in changes:
        if change.risk is Risk.IMPOSSIBLE:
            raise InvalidValue(change.why, "declare what the store has, or another collection")
    losses = [change for change in changes if change.risk is Risk.LOSES]
    if losses and not losing:
        more = f" (and {len(losses) - 1} more)" if len(losses) > 1 else ""
        raise InvalidValue(
            f"{losses[0].statement} loses data: {losses[0].why}{more}",
            "say that it may, by `--drop`; or, where a field has another name now, `--rename COLLECTION.OLD=NEW`",
        )


def _nested(renames: Mapping[str, str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for old, new in renames.items():
        collection, dot, field = old.partition(".")
        if not dot:
            raise UnknownRename(f"{old} names no field of a collection")
        found.setdefault(collection, {})[field] = new
    return found


def _to_json(change: SchemaChange, records: int) -> dict[str, Any]:
    return {"statement": change.statement, "risk": str(change.risk), "why": change.why, "records": records}
