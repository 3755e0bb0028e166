"""Views in an order in which they can be declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from paasq_dsl.catalog import View
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.parser import parse_script


def ordered_views(views: Mapping[str, View]) -> list[View]:
    """The views in their order, each moved behind those that it stands on."""
    found: dict[str, View] = {}

    def add(view: View, users: tuple[str, ...]) -> None:
        for name in _sources(view):
            if name in views and name not in found and name not in users:
                add(views[name], (*users, name))
        found.setdefault(view.name, view)

    for view in views.values():
        add(view, (view.name,))
    return list(found.values())


def _sources(view: View) -> list[str]:
    script, _ = parse_script(view.as_let)
    return [source.name for source in _from_clauses(script)]


def _from_clauses(node: Any) -> Iterator[tree.FromClause]:
    """Those of a tree, stages and brackets included."""
    if isinstance(node, tree.FromClause):
        yield node
    if isinstance(node, tuple):
        for each in node:
            yield from _from_clauses(each)
    elif is_dataclass(node):
        for field in fields(node):
            yield from _from_clauses(getattr(node, field.name))
