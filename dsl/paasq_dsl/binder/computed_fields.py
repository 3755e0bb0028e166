"""Computed fields: expressions over the other fields of a record, which the catalog keeps as canonical text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from paasq_dsl.binder.coercion import infer_parameter_type
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.binder.type_descriptions import describe_expression, with_article
from paasq_dsl.bound import BoundExpression, BoundStage, ColumnInfo, Schema
from paasq_dsl.catalog import KEY_FIELD_DEFAULT, Catalog, Collection, Field
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import is_assignable
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.format.unparse import unparse
from paasq_dsl.syntax.parser import parse_expression
from paasq_dsl.syntax.tree.traversal import dotted_path, substitute_names, walk
from paasq_dsl.time_zones import DEFAULT_ZONE
from paasq_dsl.types import TypeKind


def check_computed(context: BindContext, node: tree.FieldDeclaration, fields: Mapping[str, Field]) -> None:
    """Reports what is wrong with the expression of a field, or of those in an object. `fields` are those of the collection,
    itself included."""
    for member in node.type.fields:
        check_computed(context, replace(member, name=f"{node.name}.{member.name}"), fields)
    if node.computed is None:
        return
    field = fields[node.name]
    if code := _uncomputable(node, field):
        context.report(code, node.span, name=node.name)
        return
    readable = _readable(fields.values(), field.name)
    pipelines = [part for part in walk(node.computed) if isinstance(part, tree.NestedPipeline)]
    if pipelines:
        context.report("PQ0617", pipelines[0].span, name="a pipeline, which reads other records")
        return
    beyond = [(part, _unreadable(context, part, fields, readable)) for part in walk(node.computed)]
    for part, what in beyond:
        if what:
            context.report("PQ0617", part.span, name=what)
    if any(what for _, what in beyond):
        return
    # the expression outlives the text that declares it, as a default does
    unlifted = replace(context, literal_slots={}, zone=DEFAULT_ZONE)
    bound = infer_parameter_type(bind_expression(unlifted, node.computed, _schema(fields, readable)), field.type)
    if not is_assignable(field.type, bound.type):
        expected = with_article(field.type)
        context.report(
            "PQ0304", node.computed.span, what=field.name, expected=expected, found=describe_expression(bound)
        )


def computed_expression(collection: Collection, field: Field) -> BoundExpression:
    """That of a field in the catalog, bound. Raises ValueError where this version can't read it."""
    parsed = parse_expression(field.computed or "")
    if parsed is None:
        raise ValueError(f"{field.computed} is no expression")
    context = BindContext(Catalog(), _no_stage, _no_source)
    fields = collection.fields_by_name
    bound = bind_expression(context, parsed, _schema(fields, _readable(fields.values(), field.name)))
    if context.diagnostics:
        raise ValueError(context.diagnostics[0].message)
    return bound


def field_dependencies(field: Field) -> frozenset[str]:
    """The names of the fields that a field is computed from, its text or its vector."""
    parsed = parse_expression(field.computed) if field.computed else None
    paths = (path for part in walk(parsed) if (path := dotted_path(part))) if parsed else ()
    return frozenset((*field.source_fields, *paths))


def with_fields_renamed(field: Field, new_of: Mapping[str, str]) -> Field:
    """What is computed from fields follows their new names, all at once."""
    sources = tuple(new_of.get(source, source) for source in field.source_fields)
    parsed = parse_expression(field.computed) if field.computed else None
    return replace(field, source_fields=sources, computed=unparse(substitute_names(parsed, new_of)) if parsed else None)


def _uncomputable(node: tree.FieldDeclaration, field: Field) -> str | None:
    """The code of why the field can't be computed; None where it can."""
    if node.is_key:
        return "PQ0651"
    if field.type.kind is TypeKind.VECTOR:
        return "PQ0652"
    return "PQ0653" if node.default is not None else None


def _readable(fields: Iterable[Field], name: str) -> frozenset[str]:
    """The names of what a field may be computed from: fields that are given, and computed ones declared before it."""
    found: set[str] = set()
    before = True
    for field in fields:
        before = before and field.name != name
        if field.name not in {name, KEY_FIELD_DEFAULT} and field.type.kind is not TypeKind.VECTOR:
            found |= {field.name} if before or field.computed is None else set()
    return frozenset(found)


def _schema(fields: Mapping[str, Field], readable: frozenset[str]) -> Schema:
    columns = tuple(ColumnInfo(name, fields[name].type) for name in fields if name in readable)
    return Schema(columns, Collection(0, "this collection", tuple(fields.values()), ""))


def _unreadable(
    context: BindContext, part: tree.Node, fields: Mapping[str, Field], readable: frozenset[str]
) -> str | None:
    """What a part reads that is not in the record, or not yet."""
    match part:
        case tree.Moment(name=name):
            return f"@{name}"
        case tree.Parameter(name=name):
            return f"${name}"
        case tree.RecordRef(collection=collection, key=key):
            return f"{collection}:{key}; compare the key: key_of(link)"
        case tree.LinkAccess():
            return "the record that a link leads to"
        case tree.Call(name=name) if name in context.functions:
            return f"{name} of this text; write what it computes"
        case tree.Call(name=name) if name in FUNCTIONS and FUNCTIONS[name].depends_on_run:
            return f"{name}, which depends on when or what is asked"
        case tree.Name() | tree.MemberAccess() if (
            (path := dotted_path(part)) and path in fields and path not in readable
        ):
            kind = fields[path].type.kind
            return f"{path}, " + ("a vector" if kind is TypeKind.VECTOR else "which is not computed before it")
        case _:
            return None


def _no_stage(*_: object) -> BoundStage | None:
    return None


def _no_source(_: object) -> tuple[BoundStage, ...]:
    return ()
