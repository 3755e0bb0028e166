"""Statements that show or change schemas, views and snapshots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from paasq_dsl.binder.coercion import infer_parameter_type
from paasq_dsl.binder.collection_declarations import (
    bind_fields,
    bind_type,
    check_vector_sources,
    coerce_default,
    has_path_conflict,
)
from paasq_dsl.binder.computed_fields import check_computed, field_dependencies, with_fields_renamed
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression, bind_scalar
from paasq_dsl.binder.paths import report_object
from paasq_dsl.binder.type_descriptions import describe_expression
from paasq_dsl.bound import (
    BoundAlterCollection,
    BoundCommand,
    BoundCreateSnapshot,
    BoundDescribe,
    BoundDropCollection,
    BoundDropView,
    BoundResolveCitations,
    BoundShow,
    BoundVerifySnapshot,
    Schema,
)
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.citations import CitationError, parse_citation
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.keywords import STAGE_KEYWORDS
from paasq_dsl.types import ANY, KEYWORD, STRING_KINDS, Type, TypeKind

Fields: TypeAlias = tuple[Field, ...]


def bind_command(context: BindContext, node: tree.Command, doc: str) -> BoundCommand | None:
    """None where something is wrong (and reported). A change of the catalog is seen by the statements after it."""
    return _BINDERS[type(node)](context, node, doc)


def _show(context: BindContext, node: tree.Show, _: str) -> BoundShow | None:
    if node.collection is None:
        return BoundShow(node.kind)
    collection = context.resolve_collection(node.collection.name, node.collection.span)
    return BoundShow(node.kind, collection) if collection else None


def _describe(context: BindContext, node: tree.Describe, _: str) -> BoundDescribe | None:
    name = node.subject.name
    known = {
        "collection": context.catalog.collections, "view": context.catalog.views, "stage": STAGE_KEYWORDS,
        "function": FUNCTIONS,
    }  # fmt: skip
    for kind, names in known.items():
        if name in names:
            return BoundDescribe(kind, name)
    every = [name for names in known.values() for name in names]
    context.report_unknown("PQ0227", node.subject.span, name, every, what="collection, view, stage or function")
    return None


def _add(context: BindContext, node: tree.AddField, doc: str) -> BoundAlterCollection | None:
    collection = context.resolve_collection(node.collection.name, node.collection.span)
    if collection is None:
        return None
    declared = replace(node.field, doc=doc or node.field.doc)
    fields = tuple(bind_fields(context, declared, collection.next_field_id))
    code, taken = None, next((f.name for f in fields if f.name in collection.fields_by_name), None)
    if taken:
        code = "PQ0641"
    elif any(has_path_conflict(collection.fields_by_name, f.name) for f in fields):
        code = "PQ0642"
    elif node.field.is_key:
        code = "PQ0643"
    elif any(f.unique and f.default is not None for f in fields):
        code = "PQ0644"
    if code:
        _refuse(context, code, collection, node.field, taken=taken)
        return None
    together = {**collection.fields_by_name, **{f.name: f for f in fields}}
    check_vector_sources(context, node.field, together)
    check_computed(context, node.field, together)
    return _altered(context, node, collection, "add", (), fields)


def _drop_field(context: BindContext, node: tree.DropField, _: str) -> BoundAlterCollection | None:
    found = _field_of(context, node)
    if found is None:
        return None
    collection, fields = found
    if _is_needed(context, collection, node.field, fields):
        return None
    return _altered(context, node, collection, "drop", fields, ())


def _rename(context: BindContext, node: tree.RenameField, _: str) -> BoundAlterCollection | None:
    found = _field_of(context, node)
    if found is None:
        return None
    collection, fields = found
    others = [f.name for f in collection.fields if f not in fields]
    if node.new_name.name in collection.fields_by_name or has_path_conflict(others, node.new_name.name):
        _refuse(context, "PQ0641", collection, node.field, taken=node.new_name.name)
        return None
    if any(part.startswith("_") for part in node.new_name.name.split(".")):
        context.report("PQ0604", node.new_name.span)
        return None
    renamed = tuple(replace(f, name=node.new_name.name + f.name[len(node.field.name) :]) for f in fields)
    return _altered(context, node, collection, "rename", fields, renamed)


def _retype(context: BindContext, node: tree.RetypeField, _: str) -> BoundAlterCollection | None:
    found = _field_of(context, node)
    if found is None:
        return None
    collection, fields = found
    if node.field.name in collection.fields_by_object:
        report_object(context, node.field.name, [f.name for f in fields], node.field.span)
        return None
    field = fields[0]
    type_, default = bind_type(context, node.type), None
    code = None
    if TypeKind.VECTOR in {field.type.kind, type_.kind}:
        code = "PQ0647"
    elif field.default is not None and (default := coerce_default(field.default, type_)) is None:
        code = "PQ0648"
    elif field.computed is not None:
        code = "PQ0649"
    elif type_ == field.type:
        code = "PQ0650"
    elif _is_needed(context, collection, node.field, fields):
        return None
    if code:
        _refuse(context, code, collection, node.field, type=type_)
        return None
    # another id: what old versions of records hold under the present one is of the present type
    retyped = replace(field, id=collection.next_field_id, type=type_, default=default)
    return _altered(context, node, collection, "retype", (field,), (retyped,))


def _drop_collection(context: BindContext, node: tree.DropCollection, _: str) -> BoundDropCollection | None:
    collection = context.resolve_collection(node.collection.name, node.collection.span)
    if collection is None:
        return None
    for other in context.catalog.collections.values():
        if other.name != collection.name and (link := _link_to(other, collection.name)):
            field = f"{other.name}.{link.name}"
            context.report("PQ0640", node.collection.span, field=field, collection=collection.name)
            return None
    context.catalog = context.catalog.without_collection(collection.name)
    return BoundDropCollection(collection, node.and_records)


def _drop_view(context: BindContext, node: tree.DropView, _: str) -> BoundDropView | None:
    view = context.catalog.views.get(node.view.name)
    if view is None:
        context.report_unknown("PQ0227", node.view.span, node.view.name, context.catalog.views, what="view")
        return None
    context.catalog = context.catalog.without_view(view.name)
    return BoundDropView(view)


def _snapshot(context: BindContext, node: tree.CreateSnapshot, _: str) -> BoundCreateSnapshot:
    return BoundCreateSnapshot(bind_scalar(context, node.name, KEYWORD, "the name of a snapshot"))


def _verify(context: BindContext, node: tree.VerifySnapshot, _: str) -> BoundVerifySnapshot:
    return BoundVerifySnapshot(bind_scalar(context, node.name, KEYWORD, "the name of a snapshot"))


def _resolve(context: BindContext, node: tree.ResolveCitations, _: str) -> BoundResolveCitations:
    bound = infer_parameter_type(bind_expression(context, node.citations, Schema(())), ANY)
    kind = (bound.type.item or bound.type).kind
    if kind not in STRING_KINDS | {TypeKind.ANY, TypeKind.NULL} or bound.type.kind in {TypeKind.LINK, TypeKind.NULL}:
        expected, found = "a citation or a list of such, in quotes", describe_expression(bound)
        context.report("PQ0304", node.citations.span, what="what resolve reads", expected=expected, found=found)
    written = node.citations.items if isinstance(node.citations, tree.ListLiteral) else (node.citations,)
    for part in written:
        if isinstance(part, tree.Literal) and isinstance(part.value, str):
            _check_citation(context, part.value, part.span)
    return BoundResolveCitations(bound)


def _check_citation(context: BindContext, text: str, span: Span) -> None:
    try:
        parse_citation(text)
    except CitationError as error:
        context.report(error.code, span, **error.words)


def _changed(collection: Collection, before: Fields, after: Fields) -> Collection:
    """The collection with fields added, taken out or exchanged; what is computed from one follows its new name."""
    given = max([collection.next_field_id - 1, *(f.id for f in after)])
    if not before or not after:
        fields = (*(f for f in collection.fields if f not in before), *after)
        return replace(collection, fields=fields, last_field_id=given)
    new_of = {old.name: new for old, new in zip(before, after, strict=True)}
    name_of = {old: new.name for old, new in new_of.items()}
    exchanged = (new_of.get(f.name, f) for f in collection.fields)
    fields = tuple(with_fields_renamed(f, name_of) for f in exchanged)
    key = name_of.get(collection.key, collection.key)
    return replace(collection, fields=fields, key=key, last_field_id=given)


def _altered(
    context: BindContext, node: Any, collection: Collection, change: str, before: Fields, after: Fields
) -> BoundAlterCollection:
    changed = _changed(collection, before, after)
    context.catalog = context.catalog.with_collection(changed)
    return BoundAlterCollection(collection, changed, change, before, after, context.absolute_span(node.span))


def _field_of(context: BindContext, node: Any) -> tuple[Collection, Fields] | None:
    """The field that is named, or those in the object."""
    collection = context.resolve_collection(node.collection.name, node.collection.span)
    if collection is None:
        return None
    name = node.field.name
    fields = (
        (collection.fields_by_name[name],)
        if name in collection.fields_by_name
        else collection.fields_by_object.get(name, ())
    )
    if not fields:
        known = [*collection.fields_by_name, *collection.fields_by_object]
        context.report_unknown("PQ0202", node.field.span, name, known, where=collection.name)
    return (collection, fields) if fields else None


def _is_needed(context: BindContext, collection: Collection, field: Any, fields: Fields) -> bool:
    """Whether one of `fields`, those of the `field` that is named, must stay as it is; then it is reported."""
    names = {f.name for f in fields}
    users = [f.name for f in collection.fields if f.name not in names and names & field_dependencies(f)]
    if collection.key in names:
        _refuse(context, "PQ0645", collection, field)
    elif users:
        _refuse(context, "PQ0646", collection, field, user=users[0])
    return collection.key in names or bool(users)


def _refuse(context: BindContext, code: str, collection: Collection, field: Any, **words: Any) -> None:
    context.report(code, field.span, collection=collection.name, name=field.name, **words)


def _link_to(collection: Collection, target: str) -> Field | None:
    def leads(type_: Type) -> bool:
        return type_.kind is TypeKind.LINK and type_.name == target

    return next((f for f in collection.fields if leads(f.type.item or f.type)), None)


_BINDERS: dict[type, Callable[[BindContext, Any, str], BoundCommand | None]] = {
    tree.Show: _show, tree.Describe: _describe, tree.AddField: _add, tree.DropField: _drop_field,
    tree.RenameField: _rename, tree.RetypeField: _retype, tree.DropCollection: _drop_collection,
    tree.DropView: _drop_view, tree.CreateSnapshot: _snapshot, tree.VerifySnapshot: _verify,
    tree.ResolveCitations: _resolve,
}  # fmt: skip
