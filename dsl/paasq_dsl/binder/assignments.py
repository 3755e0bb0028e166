"""What fields are given: `name: value` in a record that is put, `name = value` in a patch."""

from __future__ import annotations

from paasq_dsl.binder.context import Context
from paasq_dsl.binder.date_hints import report_bare_dates, time_in_text
from paasq_dsl.binder.expressions import adapt, bind_expression
from paasq_dsl.binder.fixes import in_place
from paasq_dsl.binder.projections import object_members
from paasq_dsl.binder.type_descriptions import found_words, with_article
from paasq_dsl.bound import Bound, Constant, Named, ParameterValue, Schema
from paasq_dsl.catalog import SYSTEM_COLUMNS, Collection, Field
from paasq_dsl.functions.signature import assignable
from paasq_dsl.object_paths import is_inside, nested_types
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.types import Kind, Type


def bind_assignments(
    context: Context, items: tuple[tree.Item, ...], collection: Collection, schema: Schema
) -> tuple[Named, ...]:
    """A value for each field that is given one. An object gives all that are in it one: its default, or null, to what it
    leaves out; as a parameter it is given as such, to be read when it runs."""
    found: dict[str, Named] = {}
    for item in items:
        for name, value in _assigned(context, item, collection, schema, ""):
            if any(is_inside(name, other) or is_inside(other, name) or name == other for other in found):
                context.report("PQ0205", _name_span(item), name=name)
            else:
                found[name] = Named(name, value)
    return tuple(found.values())


def _assigned(
    context: Context, item: tree.Item, collection: Collection, schema: Schema, inside: str
) -> list[tuple[str, Bound]]:
    """Names of fields, and what they are given; `inside` stands before the names in an object."""
    name = f"{inside}{item.name}"
    if name in collection.objects:
        return _object(context, item, name, collection, schema)
    field = collection.by_name.get(name)
    if field is not None and isinstance(item.expression, tree.Record):
        context.report("PQ0316", item.expression.span, name=name, type=with_article(field.type))
        return []
    value = bind_expression(context, item.expression, schema)
    if field is None and name in SYSTEM_COLUMNS:
        context.report("PQ0504", _name_span(item), name=name)
    elif field is None:
        known = [n.removeprefix(inside) for n in (*collection.by_name, *collection.objects) if n.startswith(inside)]
        where = f"{collection.name}.{inside}".rstrip(".")
        context.unknown("PQ0202", _name_span(item), item.name or "", known, where=where)
    elif made_of := ", ".join(field.sources) or field.computed:
        context.report("PQ0502", _name_span(item), name=name, sources=made_of)
    elif field.type.kind is Kind.TIME and (better := time_in_text(item.expression)) is not None:
        context.report("PQ0308", item.expression.span, better=better, edit=in_place(item.expression, better))
    else:
        return [(name, _checked(context, field, value, item.expression.span))]
    return []


def _object(
    context: Context, item: tree.Item, path: str, collection: Collection, schema: Schema
) -> list[tuple[str, Bound]]:
    given, span = item.expression, item.expression.span
    fields = [f for f in collection.objects[path] if not f.made]
    form = nested_types((f.name, f.type, path) for f in fields)[path]
    if isinstance(given, tree.Record):
        found = [pair for each in given.items for pair in _assigned(context, each, collection, schema, f"{path}.")]
        names = {name for name, _ in found} | {f"{path}.{each.name}" for each in given.items}
        return found + [(f.name, _left_out(context, f, collection, span)) for f in fields if f.name not in names]
    if isinstance(given, tree.Literal) and given.value is None:
        null = bind_expression(context, given, schema)
        return [(f.name, _checked(context, f, null, span)) for f in fields]
    if isinstance(given, tree.Parameter) and given.name not in context.parameters:
        return [(path, ParameterValue(given.name, form, context.place(span)))]
    if members := object_members(context, given, schema):
        values = {f"{path}.{name}": value for name, value in members.items()}
        if values.keys() <= {f.name for f in fields}:
            null = Constant(-1, Type(Kind.NULL), None, context.place(span))
            return [(f.name, _checked(context, f, values.get(f.name, null), span)) for f in fields]
    context.report("PQ0315", span, name=path, form=form)
    return []


def _left_out(context: Context, field: Field, collection: Collection, span: Span) -> Constant:
    """What a field is given where the object that it is in has nothing for it."""
    if field.must_be_given:
        context.report("PQ0501", span, collection=collection.name, name=field.name)
    return Constant(-1, field.type, field.default, context.place(span))


def _checked(context: Context, field: Field, value: Bound, span: Span) -> Bound:
    value = adapt(value, field.type)
    if field.type.kind is Kind.TIME and report_bare_dates(context, (value, span)):
        return value
    if (value.type.kind is Kind.NULL and field.required) or not assignable(field.type, value.type):
        context.report("PQ0304", span, what=field.name, expected=with_article(field.type), found=found_words(value))
    return value


def _name_span(item: tree.Item) -> Span:
    return Span(item.span.start, item.span.start + len(item.name or ""))
