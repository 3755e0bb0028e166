"""Each rule of plan/rules alone, as data: a bound plan in, a bound plan out. `query` is bound against the collections of
notes.paasq; `plan` is what the binder makes of it, `out` what the rule makes of that, or that it leaves it as it is."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest

from golden import Case, cases
from paasq_daemon.operators.expression_text import expression_text, show_item
from paasq_daemon.plan.rules import RULES
from paasq_dsl.binder.script import bind_script
from paasq_dsl.bound import (
    BoundQuery,
    BoundSortKey,
    BoundStage,
    FuseBranch,
    NamedExpression,
    ScanStage,
)
from paasq_dsl.catalog import Catalog, Collection
from paasq_dsl.syntax.parser import parse_script

HERE = Path(__file__).parent
CASES = cases(HERE / "rules")
AS_IT_IS = "as it is"


@cache
def catalog() -> Catalog:
    script, wrong = parse_script((HERE / "notes.paasq").read_text("utf-8"))
    bound = bind_script(script, Catalog())
    assert not [*wrong, *bound.diagnostics]
    return bound.catalog


def bound_query(text: str) -> BoundQuery:
    script, wrong = parse_script(text)
    bound = bind_script(script, catalog())
    assert not [*wrong, *bound.diagnostics]
    (query,) = (statement for statement in bound.statements if isinstance(statement, BoundQuery))
    return query


def listing(stages: tuple[BoundStage, ...]) -> str:
    """A stage a line, with what it is given; after an arrow the columns that it adds to those before it, and those it takes."""
    lines: list[str] = []
    before: set[str] = set()
    for stage in stages:
        given = {
            field.name: getattr(stage, field.name) for field in fields(stage) if field.repr and field.name != "schema"
        }
        shown = [
            _shown(value) for name, value in given.items() if value not in (None, (), "") and name != "comparison_type"
        ]
        columns = {column.name: column for column in stage.schema.visible_columns}
        changes = [f"+{name}: {column.type}" for name, column in columns.items() if name not in before]
        changes += [f"-{name}" for name in sorted(before - set(columns))]
        if isinstance(stage, ScanStage):
            assert stage.schema.collection is not None
            shown, changes = [stage.schema.collection.name], []
        word = type(stage).__name__.removesuffix("Stage").lower()
        lines.append(" ".join([word, *shown]) + (f"  -> {', '.join(changes)}" if changes else ""))
        before = set(columns)
    return "\n".join(lines)


def _shown(value: Any) -> str:
    match value:
        case NamedExpression():
            return show_item(value)
        case FuseBranch(name=name, stages=stages):
            return f"{name}: {listing(stages)}"
        case BoundSortKey(value=key, descending=descending):
            return expression_text(key) + (" desc" if descending else "")
        case Collection(name=name):
            return name
        case tuple():
            return "(" + ", ".join(map(_shown, value)) + ")"
        case _ if is_dataclass(value):
            return expression_text(cast("Any", value))
        case _:
            return str(value)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rule(case: Case) -> None:
    (rule,) = (rule for rule in RULES if rule.__name__ == case.path.stem)
    query = bound_query(case["query"])
    rewritten = rule(query.stages)
    case.check("plan", listing(query.stages))
    out = AS_IT_IS if rewritten == query.stages else listing(rewritten)
    case.check("out", out)
    assert rewritten[-1].schema == query.stages[-1].schema
    assert rule(rewritten) == rewritten


def test_each_rule_has_cases_that_it_changes_and_such_that_it_leaves() -> None:
    assert {case.path.stem for case in CASES} == {rule.__name__ for rule in RULES}
    for rule in RULES:
        left = [case["out"] == AS_IT_IS for case in CASES if case.path.stem == rule.__name__]
        assert any(left), rule
        assert not all(left), rule
