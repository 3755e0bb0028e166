"""A tree of an expression as text, and back."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from golden import cases
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.format.unparse import unparse
from paasq_dsl.syntax.parser import parse_expression, parse_script
from paasq_dsl.syntax.tree import Node
from paasq_dsl.syntax.tree.traversal import walk

TEXTS = {
    "a  +b": "a + b",
    "(a + b) * 2 - (c - d)": "(a + b) * 2 - (c - d)",
    "not (a and (b or c)) or not not d": "not (a and (b or c)) or not not d",
    "- - a * -(b + 1)": "--a * -(b + 1)",
    "(a == b) == true": "(a == b) == true",
    "a in (1..2 + 3)": "a in 1..2 + 3",
    'f(x, "a\\"b\\n", [1, 2.50, 1e30, null]) // why': 'f(x, "a\\"b\\n", [1, 2.5, 1e+30, null])',
    "`not` + `sent at` + `true`->`a b`.c": "`not` + `sent at` + `true`->`a b`.c",
    "@2026-11-22 + 1w + 90min": "@2026-11-22 + 7d + 1h30min",
    'task:7->owner == person:"a b" or tags has any ["x"]': 'task:7->owner == person:"a b" or tags has any ["x"]',
    "$x > @now": "$x > @now",
    "a not in [1]": "a not in [1]",
}


@pytest.mark.parametrize(("text", "written"), TEXTS.items())
def test_one_text_for_each_tree(text: str, written: str) -> None:
    parsed = parse_expression(text)
    assert parsed is not None
    assert unparse(parsed) == written
    again = parse_expression(written)
    assert again is not None
    assert bare(again) == bare(parsed)


@pytest.mark.parametrize("case", cases(Path(__file__).parents[1] / "query"), ids=str)
def test_every_expression_of_the_corpus(case: Any) -> None:
    script, _ = parse_script(case["query"] if "query" in case else case["script"])
    for expression in expressions(script):
        again = parse_expression(unparse(expression))
        assert again is not None, unparse(expression)
        assert bare(again) == bare(expression)


def expressions(script: tree.Script) -> list[Any]:
    found = [part for s in script.statements for stage in s.stages for part in walk(stage.node)]
    return [
        part
        for part in found
        if type(part) in KINDS and not any(isinstance(p, tree.NestedPipeline) for p in walk(part))
    ]


def bare(node: Any) -> Any:
    """Without its spans."""
    changed: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, Span):
            changed[field.name] = Span(0, 0)
        elif isinstance(value, Node):
            changed[field.name] = bare(value)
        elif isinstance(value, tuple):
            changed[field.name] = tuple(bare(v) if isinstance(v, Node) else v for v in value)
    return replace(node, **changed)


KINDS = frozenset(
    {
        tree.LinkAccess,
        tree.Binary,
        tree.Call,
        tree.MemberAccess,
        tree.ListLiteral,
        tree.Literal,
        tree.Logical,
        tree.Moment,
        tree.Name,
        tree.Parameter,
        tree.Range,
        tree.RecordRef,
        tree.Unary,
    }
)
