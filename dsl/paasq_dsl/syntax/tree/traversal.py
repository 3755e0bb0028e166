"""Walks over the tree as written, and the rewriting of names in it; the counterpart of `bound.traversal`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from paasq_dsl.syntax.tree.expressions import Expression, MemberAccess, Name
from paasq_dsl.syntax.tree.nodes import Node

AnyNode = TypeVar("AnyNode", bound=Node)


def walk(expression: Node) -> Iterator[Node]:
    """The node itself and all nodes in it, each before its children, in the order of the text."""
    yield expression
    for field in fields(expression):
        value = getattr(expression, field.name)
        for child in value if isinstance(value, tuple) else (value,):
            if isinstance(child, Node):
                yield from walk(child)


def substitute_names(expression: AnyNode, new_of: Mapping[str, str]) -> AnyNode | Expression:
    """The tree with each name, or dotted path such as `place.city`, that is a key of `new_of` replaced by its value there."""
    if (path := dotted_path(expression)) is not None:
        return _as_path(new_of[path], expression) if path in new_of else expression
    changed: dict[str, Any] = {}
    for field in fields(expression):
        value = getattr(expression, field.name)
        if isinstance(value, Node):
            changed[field.name] = substitute_names(value, new_of)
        elif isinstance(value, tuple):
            changed[field.name] = tuple(substitute_names(v, new_of) if isinstance(v, Node) else v for v in value)
    return replace(expression, **changed)


def dotted_path(node: Node) -> str | None:
    """`a.b` where the node is a name or member accesses on a name; None for any other node."""
    if isinstance(node, MemberAccess):
        base = dotted_path(node.base)
        return base and f"{base}.{node.name}"
    return node.name if isinstance(node, Name) else None


def _as_path(path: str, at: Node) -> Expression:
    first, *rest = path.split(".")
    found: Expression = Name(at.span, first)
    for name in rest:
        found = MemberAccess(at.span, found, name)
    return found
