"""Objects in projections: an object is expanded to its members, one column each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.binder.fixes import qualified_alias
from paasq_dsl.binder.paths import as_link_access, dereference, implicit_column_name
from paasq_dsl.bound import BoundExpression, ColumnInfo, ColumnRef, NamedExpression, Schema, column_origin
from paasq_dsl.diagnostics import Fix
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.types import TypeKind


def bind_projections(
    context: BindContext, items: tuple[tree.NamedItem, ...], schema: Schema
) -> tuple[tuple[NamedExpression, ...], tuple[ColumnInfo, ...]]:
    """Named expressions, and the columns that they make; an object makes one of each member. A repeated name, and
    an object next to a member of it, is reported and left out."""
    named: list[NamedExpression] = []
    columns: list[ColumnInfo] = []
    taken: dict[str, tree.NamedItem] = {}
    for item in items:
        name = item.name or implicit_column_name(item.expression)
        members = object_members(context, item.expression, schema)
        value = None if members else bind_expression(context, item.expression, schema)
        if name is None:
            context.report("PQ0403", item.span)
            continue
        found = {name: value} if value is not None else {f"{name}.{path}": each for path, each in members.items()}
        if clash := next((each for each in (name, *found) if each in taken), None):
            _report_taken(context, clash, taken, item)
            continue
        taken.update(dict.fromkeys((name, *found), item))
        named += [NamedExpression(each, bound) for each, bound in found.items()]
        columns += [
            ColumnInfo(each, bound.type, False, column_origin(bound, schema), name if members else None)
            for each, bound in found.items()
        ]
    return tuple(named), tuple(columns)


def _report_taken(
    context: BindContext, clash: str, taken: Mapping[str, tree.NamedItem], second: tree.NamedItem
) -> None:
    """`clash` is the name of a column that the item makes, as one of those `taken` does."""
    first = taken[clash]
    names = [item.name or implicit_column_name(item.expression) for item in (first, second)]
    if names[0] == names[1]:
        longer = qualified_alias(second.expression) if second.name is None else None
        start = Span(second.span.start, second.span.start)
        edit = Fix(start, f"{longer} = ", f"write {longer} = ...") if longer and longer not in taken else None
        context.report("PQ0205", second.span, name=clash, fix=edit)
        return
    part = first if names[0] == clash else second
    better = f"{clash.rpartition('.')[2]} = {clash}"
    edit = None if part.name else Fix(part.span, better, f"write {better}")
    whole = names[names[0] == clash]
    context.report("PQ0213", second.span, name=clash, whole=whole, better=better, fix=edit)


def object_members(context: BindContext, node: tree.Expression, schema: Schema) -> dict[str, BoundExpression]:
    """Of an expression that names an object: what is in it by its path there, hidden columns left out. Nothing of any other
    expression; reports nothing."""
    if isinstance(node, tree.MemberAccess) and (arrow := as_link_access(node)) is not None:
        node = arrow
    if isinstance(node, tree.LinkAccess):
        return _linked_members(context, node, schema)
    path = implicit_column_name(node) if isinstance(node, (tree.Name, tree.MemberAccess)) else None
    if path is None or path in schema.columns_by_name:
        return {}
    span = context.absolute_span(node.span)
    return {c.name[len(path) + 1 :]: ColumnRef(c.name, c.type, span) for c in schema.members(path) if not c.hidden}


def _linked_members(context: BindContext, node: tree.LinkAccess, schema: Schema) -> dict[str, BoundExpression]:
    base = bind_expression(replace(context, diagnostics=[]), node.base, schema)
    link = base.type.item or base.type
    target = context.catalog.collections.get(link.name or "") if link.kind is TypeKind.LINK else None
    fields = target.fields_by_object.get(node.name, ()) if target else ()
    return {
        f.name[len(node.name) + 1 :]: dereference(base, target, f.name, f.type, context.absolute_span(node.span))
        for f in fields
        if target and f.type.kind is not TypeKind.VECTOR
    }
