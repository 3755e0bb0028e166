"""put, patch, delete, forget, tx and dryrun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.writes import bind_forget
from paasq_dsl.bound import BoundForget
from paasq_dsl.stages.role import stage_role
from paasq_dsl.statements.shared_roles import source_role
from paasq_dsl.statements.spec import StatementSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, Rule, current_write, innermost_open_bracket, last_of


def _put(words: Sequence[str]) -> CompletionRole:
    if len(words) == 1:
        return CompletionRole.COLLECTION
    if last_of(words, "set"):
        return _patch(words)
    if last_of(words, "expect"):
        return CompletionRole.EXPRESSION
    at = innermost_open_bracket(words)
    if words[2:3] == ["from"]:
        return _put_from(words[at + 1 :]) if at >= 0 else CompletionRole.NOTHING
    if at < 0 or (words[at] == "[" and "{" not in words[:at]):
        return CompletionRole.NOTHING
    return CompletionRole.FIELD if words[at] == "{" and words[-1] in {"{", ","} else CompletionRole.SCALAR


def _put_from(words: Sequence[str]) -> CompletionRole:
    """In the brackets of a put: a head, or the stage after the last bar."""
    bars = [i for i, word in enumerate(words) if word == "|"]
    if bars:
        return stage_role(words[bars[-1] + 1 :])
    return source_role(words) if words else CompletionRole.NOTHING


def _patch(words: Sequence[str]) -> CompletionRole:
    if len(words) == 1:
        return CompletionRole.COLLECTION
    at = last_of(words, "where", "set", "expect")
    opened = innermost_open_bracket(words)
    if at == "set" and opened >= 0 and words[opened] == "{":
        return CompletionRole.FIELD if words[-1] in {"{", ","} else CompletionRole.EXPRESSION
    if at == "set" and (words[-1] == "set" or (words[-1] == "," and opened < 0)):
        return CompletionRole.FIELD
    return CompletionRole.EXPRESSION if at else CompletionRole.NOTHING


def _delete(words: Sequence[str]) -> CompletionRole:
    if len(words) == 1 or words[-1] == "from":
        return CompletionRole.COLLECTION
    return CompletionRole.EXPRESSION if last_of(words, "where", "expect") else CompletionRole.NOTHING


def _forget(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.NOTHING if words[-1] == "with" else _delete(words)


def _bind_forget(context: BindContext, node: tree.Forget, _: str) -> BoundForget | None:
    return bind_forget(context, node)


def _tx(words: Sequence[str]) -> CompletionRole:
    write = current_write(words)
    if not write:
        return CompletionRole.WRITE if words[-1] in {"{", ";"} else CompletionRole.NOTHING
    rule = _WRITES.get(write[0])
    return rule(write) if rule else CompletionRole.NOTHING


def _dryrun(words: Sequence[str]) -> CompletionRole:
    if len(words) == 1:
        return CompletionRole.WRITE
    rule = {"tx": _tx, "forget": _forget}.get(words[1]) or _WRITES.get(words[1])
    return rule(words[1:]) if rule else CompletionRole.NOTHING


_WRITES: Mapping[str, Rule] = {"put": _put, "patch": _patch, "delete": _delete}


STATEMENTS = (
    StatementSpec(
        "put", "put collection {field: value, ...} [expect absent | present | condition]",
        "Inserts a record, or several in a list, or replaces those with the same keys; or the rows of a pipeline: "
        "put collection from (pipeline). What is expected must hold of each of them. put collection:key set "
        "field = value changes these fields alone, of a new record where there is none.",
        role=_put,
        words={
            "expect": "Write only where this holds of the record as it is: absent, present or a condition.",
            "absent": "There is no such record yet.",
            "present": "There is such a record.",
        },
    ),
    StatementSpec(
        "patch", "patch collection:key set field = value, ... [expect condition]",
        "Changes fields of one record, or of many: patch collection where ... set ...",
        role=_patch,
        words={
            "set": "The fields to change.",
        },
    ),
    StatementSpec(
        "delete", "delete collection:key [expect condition]",
        "Deletes one record, or many: delete from collection where ...",
        role=_delete,
    ),
    StatementSpec(
        "forget", "forget collection:key [with snapshots]",
        "Erases one record and all its versions for good, or many: forget from collection where ...; with snapshots in these "
        "too. Gives a receipt.",
        role=_forget,
        words={
            "with": "with snapshots: they are rewritten without it; otherwise those that still hold it are named.",
        },
        binders={tree.Forget: _bind_forget},
    ),
    StatementSpec(
        "tx", "tx { write; write; ... }", "Writes that happen all or not at all.",
        role=_tx,
    ),
    StatementSpec(
        "dryrun", "dryrun put ... | patch ... | delete ... | forget ... | tx { ... }",
        "Shows what a write would change, field by field, or what a forget would erase, and writes nothing.",
        role=_dryrun,
    ),
)  # fmt: skip
