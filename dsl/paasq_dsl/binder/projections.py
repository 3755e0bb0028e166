"""Objects in expressions: what is in one stands for it, member by member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from paasq_dsl.binder.context import Context
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.binder.fixes import longer_name
from paasq_dsl.binder.paths import as_arrow, column_name, traverse
from paasq_dsl.bound import Bound, ColumnInfo, ColumnValue, Named, Schema, origin_of
from paasq_dsl.diagnostics import Edit
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.types import Kind


def bind_items(
    context: Context, items: tuple[tree.Item, ...], schema: Schema
) -> tuple[tuple[Named, ...], tuple[ColumnInfo, ...]]:
    """Named expressions, and the columns that they make; an object makes one of each member. A second one of a name, and
    an object beside a part of it, is reported and left out."""
    named: list[Named] = []
    columns: list[ColumnInfo] = []
    taken: dict[str, tree.Item] = {}
    for item in items:
        name = item.name or column_name(item.expression)
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
        named += [Named(each, bound) for each, bound in found.items()]
        columns += [
            ColumnInfo(each, bound.type, False, origin_of(bound, schema), name if members else None)
            for each, bound in found.items()
        ]
    return tuple(named), tuple(columns)


def _report_taken(context: Context, clash: str, taken: Mapping[str, tree.Item], second: tree.Item) -> None:
    """`clash` is the name of a column that the item makes, as one of those `taken` does."""
    first = taken[clash]
    names = [item.name or column_name(item.expression) for item in (first, second)]
    if names[0] == names[1]:
        longer = longer_name(second.expression) if second.name is None else None
        start = Span(second.span.start, second.span.start)
        edit = Edit(start, f"{longer} = ", f"write {longer} = ...") if longer and longer not in taken else None
        context.report("PQ0205", second.span, name=clash, edit=edit)
        return
    part = first if names[0] == clash else second
    better = f"{clash.rpartition('.')[2]} = {clash}"
    edit = None if part.name else Edit(part.span, better, f"write {better}")
    whole = names[names[0] == clash]
    context.report("PQ0213", second.span, name=clash, whole=whole, better=better, edit=edit)


def object_members(context: Context, node: tree.Expression, schema: Schema) -> dict[str, Bound]:
    """Of an expression that names an object: what is in it by its path there, hidden columns left out. Nothing of any other
    expression; reports nothing."""
    if isinstance(node, tree.Dot) and (arrow := as_arrow(node)) is not None:
        node = arrow
    if isinstance(node, tree.Arrow):
        return _linked_members(context, node, schema)
    path = column_name(node) if isinstance(node, (tree.Name, tree.Dot)) else None
    if path is None or path in schema.by_name:
        return {}
    span = context.place(node.span)
    return {c.name[len(path) + 1 :]: ColumnValue(c.name, c.type, span) for c in schema.members(path) if not c.hidden}


def _linked_members(context: Context, node: tree.Arrow, schema: Schema) -> dict[str, Bound]:
    base = bind_expression(replace(context, diagnostics=[]), node.base, schema)
    link = base.type.item or base.type
    target = context.catalog.collections.get(link.name or "") if link.kind is Kind.LINK else None
    fields = target.objects.get(node.name, ()) if target else ()
    return {
        f.name[len(node.name) + 1 :]: traverse(base, target, f.name, f.type, context.place(node.span))
        for f in fields
        if target and f.type.kind is not Kind.VECTOR
    }
