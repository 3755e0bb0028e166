"""What fields are given: `name: value` in a record that is put, `name = value` in a patch."""

from __future__ import annotations

from paasq_dsl.binder.coercion import infer_parameter_type
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.date_hints import report_bare_dates, time_literal_for
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.binder.fixes import replace_node
from paasq_dsl.binder.projections import object_members
from paasq_dsl.binder.type_descriptions import describe_expression, with_article
from paasq_dsl.bound import BoundExpression, Constant, NamedExpression, ParameterRef, Schema
from paasq_dsl.catalog import SYSTEM_COLUMNS, Collection, Field
from paasq_dsl.functions.signature import is_assignable
from paasq_dsl.object_paths import is_descendant_path, nested_types
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.types import Type, TypeKind


def bind_assignments(
    context: BindContext, items: tuple[tree.NamedItem, ...], collection: Collection, schema: Schema
) -> tuple[NamedExpression, ...]:
    """A value for each field that is given one. An object gives all that are in it one: its default, or null, to what it
    leaves out; as a parameter it is given as such, to be read when it runs."""
    found: dict[str, NamedExpression] = {}
    for item in items:
        for name, value in _assigned(context, item, collection, schema, ""):
            if any(
                is_descendant_path(name, other) or is_descendant_path(other, name) or name == other for other in found
            ):
                context.report("PQ0205", _name_span(item), name=name)
            else:
                found[name] = NamedExpression(name, value)
    return tuple(found.values())


def _assigned(
    context: BindContext, item: tree.NamedItem, collection: Collection, schema: Schema, inside: str
) -> list[tuple[str, BoundExpression]]:
    """Names of fields, and what they are given; `inside` precedes the names in an object."""
    name = f"{inside}{item.name}"
    if name in collection.fields_by_object:
        return _object(context, item, name, collection, schema)
    field = collection.fields_by_name.get(name)
    if field is not None and isinstance(item.expression, tree.ObjectLiteral):
        context.report("PQ0316", item.expression.span, name=name, type=with_article(field.type))
        return []
    value = bind_expression(context, item.expression, schema)
    if field is None and name in SYSTEM_COLUMNS:
        context.report("PQ0504", _name_span(item), name=name)
    elif field is None:
        known = [
            n.removeprefix(inside)
            for n in (*collection.fields_by_name, *collection.fields_by_object)
            if n.startswith(inside)
        ]
        where = f"{collection.name}.{inside}".rstrip(".")
        context.report_unknown("PQ0202", _name_span(item), item.name or "", known, where=where)
    elif made_of := ", ".join(field.source_fields) or field.computed:
        context.report("PQ0502", _name_span(item), name=name, sources=made_of)
    elif field.type.kind is TypeKind.TIME and (better := time_literal_for(item.expression)) is not None:
        context.report("PQ0308", item.expression.span, better=better, fix=replace_node(item.expression, better))
    else:
        return [(name, _checked(context, field, value, item.expression.span))]
    return []


def _object(
    context: BindContext, item: tree.NamedItem, path: str, collection: Collection, schema: Schema
) -> list[tuple[str, BoundExpression]]:
    given, span = item.expression, item.expression.span
    fields = [f for f in collection.fields_by_object[path] if not f.is_generated]
    form = nested_types((f.name, f.type, path) for f in fields)[path]
    if isinstance(given, tree.ObjectLiteral):
        found = [pair for each in given.items for pair in _assigned(context, each, collection, schema, f"{path}.")]
        names = {name for name, _ in found} | {f"{path}.{each.name}" for each in given.items}
        return found + [(f.name, _left_out(context, f, collection, span)) for f in fields if f.name not in names]
    if isinstance(given, tree.Literal) and given.value is None:
        null = bind_expression(context, given, schema)
        return [(f.name, _checked(context, f, null, span)) for f in fields]
    if isinstance(given, tree.Parameter) and given.name not in context.parameters:
        return [(path, ParameterRef(given.name, form, context.absolute_span(span)))]
    if members := object_members(context, given, schema):
        values = {f"{path}.{name}": value for name, value in members.items()}
        if values.keys() <= {f.name for f in fields}:
            null = Constant(-1, Type(TypeKind.NULL), None, context.absolute_span(span))
            return [(f.name, _checked(context, f, values.get(f.name, null), span)) for f in fields]
    context.report("PQ0315", span, name=path, form=form)
    return []


def _left_out(context: BindContext, field: Field, collection: Collection, span: Span) -> Constant:
    """What a field is given where the object that it is in has nothing for it."""
    if field.is_mandatory:
        context.report("PQ0501", span, collection=collection.name, name=field.name)
    return Constant(-1, field.type, field.default, context.absolute_span(span))


def _checked(context: BindContext, field: Field, value: BoundExpression, span: Span) -> BoundExpression:
    value = infer_parameter_type(value, field.type)
    if field.type.kind is TypeKind.TIME and report_bare_dates(context, (value, span)):
        return value
    if (value.type.kind is TypeKind.NULL and field.required) or not is_assignable(field.type, value.type):
        context.report(
            "PQ0304", span, what=field.name, expected=with_article(field.type), found=describe_expression(value)
        )
    return value


def _name_span(item: tree.NamedItem) -> Span:
    return Span(item.span.start, item.span.start + len(item.name or ""))
