"""A script costs one plan a query, however many declarations precede it."""

from __future__ import annotations

import pytest

from paasq_daemon.backends.embedded import EmbeddedBackend
from paasq_daemon.instance import Instance
from paasq_daemon.wire.request import Request
from paasq_dsl.binder import script
from paasq_dsl.bound import BoundQuery
from paasq_dsl.syntax import tree

COUNT = 40


def test_plans_grow_with_the_declarations_alone(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[BoundQuery] = []
    prepare = EmbeddedBackend.prepare

    def counted(backend: EmbeddedBackend, query: BoundQuery) -> object:
        plans.append(query)
        return prepare(backend, query)

    monkeypatch.setattr(EmbeddedBackend, "prepare", counted)
    declared = [f"collection c{n} {{ key id: keyword  n: int }};\nfrom c{n} | where n > {n};" for n in range(COUNT)]
    answer = instance.engine.query(Request("\n".join(declared)))
    assert answer.rows == []
    assert len(plans) == COUNT


def test_a_declaration_that_changes_nothing(instance: Instance) -> None:
    """The catalog stays as it is, and the statements after it run by the plan that was put off."""
    text = 'collection kept { key id: keyword  n: int };\nput kept {id: "a", n: 1};\nfrom kept | select n'
    assert instance.engine.query(Request(text)).rows == [[1]]
    assert instance.engine.query(Request(text)).rows == [[1]]


CHANGES = {
    "collections": "collection c{n} {{ key id: keyword }};",
    "views": "view v{n} = from c;",
    "added fields": "alter collection c add field n{n}: int;",
    "renamed fields": "alter collection c rename field n{n} to n{after};",
    "retyped fields": "alter collection c retype field n0 to {type};",
    "redefined fields": "alter collection c redefine field n0: int default {n};",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_statements_are_bound_twice_at_most(instance: Instance, monkeypatch: pytest.MonkeyPatch, change: str) -> None:
    """Once to find every mistake before anything runs, and once more with the ids that the catalog gave."""
    instance.engine.query(Request("collection c { key id: keyword  n0: int }"))
    if "add field" in change:
        instance.engine.query(Request("alter collection c drop field n0"))
    bound: list[tree.Statement] = []
    bind = script._Binder.statement

    def counted(binder: script._Binder, statement: tree.Statement) -> object:
        bound.append(statement)
        return bind(binder, statement)

    monkeypatch.setattr(script._Binder, "statement", counted)
    written = [change.format(n=n, after=n + 1, type=("float", "int")[n % 2]) + "\nfrom c;" for n in range(COUNT)]
    assert instance.engine.query(Request("\n".join(written))).rows == []
    assert len(bound) <= 2 * 2 * COUNT
