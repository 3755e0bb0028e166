"""Suggested replacements of expressions that can't be bound, and the fixes that write them."""

from __future__ import annotations

from paasq_dsl.binder.paths import as_link_access, implicit_column_name
from paasq_dsl.diagnostics import Fix
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.format.unparse import unparse
from paasq_dsl.syntax.tree.traversal import walk

TITLE_MAX = 60  # characters of what an edit writes, in its title


def replace_node(node: tree.Expression, text: str) -> Fix:
    """`text` in the place of the expression."""
    return replace_span(node.span, text)


def replace_span(span: Span, text: str) -> Fix:
    """`text` in the place of what stands there."""
    shown = text if len(text) <= TITLE_MAX else f"{text[: TITLE_MAX - 1]}…"
    return Fix(span, text, f"write {shown}")


def call_text(function: str, *arguments: tree.Expression) -> str | None:
    """The call as text; None where an argument has no text of its own, which objects have not."""
    if any(isinstance(part, tree.ObjectLiteral) for argument in arguments for part in walk(argument)):
        return None
    return f"{function}({', '.join(map(unparse, arguments))})"


def qualified_alias(node: tree.Expression) -> str | None:
    """A name for a column whose own is taken: `by->boss->name` as boss_name, `address.city` as address_city."""
    arrow = as_link_access(node) if isinstance(node, tree.MemberAccess) else node
    if isinstance(arrow, tree.LinkAccess):
        base = implicit_column_name(arrow.base)
        return base and f"{base}_{arrow.name}".replace(".", "_")
    path = implicit_column_name(node) if isinstance(node, tree.MemberAccess) else None
    return path and path.replace(".", "_")
