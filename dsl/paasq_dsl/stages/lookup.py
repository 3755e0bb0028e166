"""lookup: columns from records of another collection."""

from collections.abc import Sequence
from dataclasses import replace

from paasq_dsl.binder.coercion import infer_parameter_type
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.binder.paths import as_link_access, implicit_column_name, report_object
from paasq_dsl.binder.type_descriptions import describe_expression, with_article
from paasq_dsl.bound import BoundExpression, LookupStage, Schema
from paasq_dsl.catalog import SYSTEM_COLUMNS, Collection
from paasq_dsl.diagnostics import Fix
from paasq_dsl.functions.signature import unify
from paasq_dsl.object_paths import is_descendant_path
from paasq_dsl.source_text import Span
from paasq_dsl.stages.follow import scan_schema
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.syntax.lexer import format_name
from paasq_dsl.types import ANY, Type, TypeKind, list_if


def bind(context: BindContext, node: tree.Lookup, schema: Schema) -> LookupStage | None:
    """The condition must compare a value of the row with a field of the collection; adds the columns `name.field`,
    lists where `many`."""
    target = context.resolve_collection(node.collection.name, node.collection.span)
    if target is None:
        return None
    sides = _sides(node.condition, node.collection.name)
    if sides is None:
        edit = _with_collection(node.condition, target, schema)
        context.report("PQ0434", node.condition.span, collection=target.name, field=target.key, fix=edit)
        return None
    named, given = sides
    value = bind_expression(context, given, schema)
    type_ = _field_type(context, named, target)
    if type_ is None:
        return None
    value = infer_parameter_type(value, type_)
    together = _common(context, node, named, (type_, value))
    found = tuple(
        replace(
            c,
            name=f"{node.name}.{c.name}",
            type=list_if(c.type, to_list=node.many),
            object_path=c.object_path and f"{node.name}.{c.object_path}",
        )
        for c in scan_schema(target).columns
        if not (node.many and c.type.kind is TypeKind.VECTOR)
    )
    if any(c.name == node.name or c.name.startswith(f"{node.name}.") for c in schema.columns):
        context.report("PQ0205", node.name_span, name=node.name)
        return None
    columns = Schema((*schema.columns, *found), schema.collection, schema.is_open, schema.has_scores)
    return LookupStage(target, named.name, value, together, node.many, node.name, schema=columns)


def _sides(condition: tree.Expression, collection: str) -> tuple[tree.Name, tree.Expression] | None:
    """The field of the collection and what it is compared with, whichever is written first."""
    if not isinstance(condition, tree.Binary) or condition.operator != "==":
        return None
    for one, other in ((condition.right, condition.left), (condition.left, condition.right)):
        path = implicit_column_name(one) if isinstance(one, tree.MemberAccess) and as_link_access(one) is None else None
        if path and is_descendant_path(path, collection):
            return tree.Name(one.span, path.removeprefix(f"{collection}.")), other
    return None


def _with_collection(condition: tree.Expression, target: Collection, schema: Schema) -> Fix | None:
    """`owner == id`, where one side can only be, or else the right one may be, a field of the collection."""
    if not isinstance(condition, tree.Binary) or condition.operator != "==":
        return None
    sides = [
        s for s in (condition.right, condition.left) if isinstance(s, tree.Name) and s.name in target.fields_by_name
    ]
    only_there = [s for s in sides if s.name not in schema.columns_by_name]
    if not sides:
        return None
    start = (only_there or sides)[0].span.start
    return Fix(Span(start, start), f"{format_name(target.name)}.", f"write {target.name}.")


def _field_type(context: BindContext, named: tree.Name, target: Collection) -> Type | None:
    field = target.fields_by_name.get(named.name)
    if field is not None:
        return field.type
    if named.name in SYSTEM_COLUMNS and named.name != "_score":
        return SYSTEM_COLUMNS[named.name]
    if members := target.fields_by_object.get(named.name):
        report_object(context, named.name, [f.name for f in members], named.span)
    else:
        context.report_unknown("PQ0202", named.span, named.name, target.fields_by_name, where=target.name)
    return None


def _common(context: BindContext, node: tree.Lookup, named: tree.Name, compared: tuple[Type, BoundExpression]) -> Type:
    """What both sides are compared as."""
    type_, value = compared
    for found, span in ((type_, named.span), (value.type, node.condition.span)):
        if found.kind in {TypeKind.LIST, TypeKind.VECTOR}:
            context.report("PQ0435", span)
            return ANY
    together = unify(type_, value.type)
    if together is None:
        context.report("PQ0302", node.condition.span, left=with_article(type_), right=describe_expression(value))
    return together or ANY


def _role(words: Sequence[str]) -> CompletionRole:
    if len(words) == 2:
        return CompletionRole.COLLECTION
    return CompletionRole.EXPRESSION if "on" in words[3:] and words[-1] != "as" else CompletionRole.NOTHING


STAGE = StageSpec(
    tree.Lookup, "lookup one | many collection on value == collection.field as name",
    "Adds the fields of records of another collection as columns `name.field`. one: of the first one written, null where "
    "there is none. many: lists of all, empty where there is none. Null finds nothing. A link needs no lookup: `link->field`.",
    "from mail | lookup one person on from->email == person.email as sender | select subject, sender.name", bind, role=_role,
    words={
        "on": "What the record looked up must be equal in: value == collection.field.",
        "one": "The first record found, its fields as values.",
        "many": "All records found, their fields as lists.",
    },
    changes_schema=True,
)  # fmt: skip
