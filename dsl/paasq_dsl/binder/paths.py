"""Paths: names with dots and arrows between them."""

from __future__ import annotations

from collections.abc import Sequence

from paasq_dsl.binder.context import BindContext
from paasq_dsl.bound import BoundExpression, Dereference
from paasq_dsl.catalog import Collection
from paasq_dsl.diagnostics import Fix
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.lexer import format_name
from paasq_dsl.types import ANY, Type, TypeKind, list_if


def implicit_column_name(node: tree.Expression) -> str | None:
    """The name a select or a group gives an expression that has none: `a`, `a.b`, `a->b` is b, `f(x)` is f_x, `f()` is f."""
    match node:
        case tree.Name(name=name):
            return name
        case tree.MemberAccess(base=base, name=name):
            left = implicit_column_name(base)
            return left and f"{left}.{name}"
        case tree.LinkAccess(name=name):
            return name
        case tree.Call(name=name, arguments=arguments):
            inner = implicit_column_name(arguments[0]) if arguments else None
            called = name.rpartition(".")[2]  # without the alias of its module
            return f"{called}_{inner}" if inner else called
        case _:
            return None


def as_link_access(node: tree.MemberAccess) -> tree.LinkAccess | None:
    """`a->b.c` as the arrow to the field `b.c`; None where no arrow is in it."""
    names, base = [node.name], node.base
    while isinstance(base, tree.MemberAccess):
        names, base = [base.name, *names], base.base
    if not isinstance(base, tree.LinkAccess):
        return None
    name_span = Span(base.name_span.start, node.span.end)
    return tree.LinkAccess(node.span, base.base, ".".join((base.name, *names)), name_span)


def link_access_fix(node: tree.MemberAccess) -> Fix | None:
    """The fix that writes `a->b` for `a.b`; None where `a` is no bare name."""
    if not isinstance(node.base, tree.Name) or node.span.start != node.base.span.start:
        return None
    better = f"{format_name(node.base.name)}->{format_name(node.name)}"
    return Fix(node.span, better, f"write {better}")


def report_object(context: BindContext, name: str, members: Sequence[str], span: Span) -> None:
    """An object is given where a single value is expected."""
    context.report("PQ0314", span, name=name, example=members[0], candidates=members)


def dereference(base: BoundExpression, target: Collection, name: str, type_: Type, span: Span) -> Dereference:
    """A field of the records of `target` that the links of `base` lead to."""
    to_list = base.type.kind is TypeKind.LIST
    if to_list and type_.kind is TypeKind.LIST:
        type_ = type_.item or ANY  # lists of lists are one list
    return Dereference(base, target.name, name, list_if(type_, to_list=to_list), span)
