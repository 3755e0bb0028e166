"""What was perhaps meant by an expression that can't be bound, and the edit that writes it."""

from __future__ import annotations

from paasq_dsl.binder.paths import as_arrow, column_name
from paasq_dsl.diagnostics import Edit
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.format.unparse import nodes, unparse

TITLE_MAX = 60  # characters of what an edit writes, in its title


def in_place(node: tree.Expression, text: str) -> Edit:
    """`text` in the place of the expression."""
    shown = text if len(text) <= TITLE_MAX else f"{text[: TITLE_MAX - 1]}…"
    return Edit(node.span, text, f"write {shown}")


def called(function: str, *arguments: tree.Expression) -> str | None:
    """The call as text; None where an argument has no text of its own, which objects have not."""
    if any(isinstance(part, tree.Record) for argument in arguments for part in nodes(argument)):
        return None
    return f"{function}({', '.join(map(unparse, arguments))})"


def longer_name(node: tree.Expression) -> str | None:
    """A name for a column whose own is taken: `by->boss->name` as boss_name, `address.city` as address_city."""
    arrow = as_arrow(node) if isinstance(node, tree.Dot) else node
    if isinstance(arrow, tree.Arrow):
        base = column_name(arrow.base)
        return base and f"{base}_{arrow.name}".replace(".", "_")
    path = column_name(node) if isinstance(node, tree.Dot) else None
    return path and path.replace(".", "_")
