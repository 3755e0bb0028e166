"""alter: other fields of a collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from paasq_dsl.binder.collection_declarations import (
    bind_fields,
    bind_type,
    check_vector_sources,
    coerce_default,
    has_path_conflict,
)
from paasq_dsl.binder.computed_fields import check_computed, field_dependencies, with_fields_renamed
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.paths import report_object
from paasq_dsl.binder.retention import bind_history, bind_settings
from paasq_dsl.bound import BoundAlterCollection, BoundSetRetention, BoundSetStoreHistory
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.retention import HistoryBound
from paasq_dsl.statements.collection import field_role
from paasq_dsl.statements.shared_roles import type_role
from paasq_dsl.statements.spec import StatementSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.types import TypeKind

Fields: TypeAlias = tuple[Field, ...]


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


def _redefine(context: BindContext, node: tree.RedefineField, doc: str) -> BoundAlterCollection | None:
    found = _field_of(context, node)
    if found is None:
        return None
    collection, (field, *members) = found
    if members or field.name != node.field.name:
        report_object(context, node.field.name, [field.name, *(f.name for f in members)], node.field.span)
        return None
    now, *members = bind_fields(context, replace(node.field, doc=doc or node.field.doc), collection.next_field_id)
    code = None
    if members or now.name != field.name:
        code = "PQ0642"
    elif node.field.is_key and field.name != collection.key:
        code = "PQ0643"
    elif field.is_generated or now.is_generated:
        code = "PQ0649"
    elif field.type != now.type and TypeKind.VECTOR in {field.type.kind, now.type.kind}:
        code = "PQ0647"
    elif field.type != now.type and _is_needed(context, collection, node.field, (field,)):
        return None
    if code:
        _refuse(context, code, collection, node.field, type=now.type)
        return None
    # where the type is another one, so is the id: as of a retype
    id_ = field.id if field.type == now.type else now.id
    required = now.required or field.name == collection.key
    redefined = replace(now, id=id_, doc=now.doc or field.doc, required=required)
    return _altered(context, node, collection, "redefine", (field,), (redefined,))


def _set_retention(context: BindContext, node: tree.SetRetention, _: str) -> BoundSetRetention | None:
    collection = context.resolve_collection(node.collection.name, node.collection.span)
    if collection is None:
        return None
    said = bind_settings(context, node.settings, collection.fields_by_name, collection.name)
    changed = replace(
        collection,
        time_to_live=said.time_to_live or collection.time_to_live,
        history=said.history or collection.history,
    )
    return _retained(context, collection, changed, f"set {said}")


def _drop_retention(context: BindContext, node: tree.DropRetention, _: str) -> BoundSetRetention | None:
    collection = context.resolve_collection(node.collection.name, node.collection.span)
    if collection is None:
        return None
    keep = node.setting == "keep"
    dropped = replace(collection, time_to_live=None) if keep else replace(collection, history=None)
    return _retained(context, collection, dropped, f"drop {node.setting}")


def _retained(context: BindContext, before: Collection, after: Collection, change: str) -> BoundSetRetention:
    if after != before:
        context.catalog = context.catalog.with_collection(after)
    return BoundSetRetention(before, after, change)


def _set_store_history(context: BindContext, node: tree.SetStoreHistory, _: str) -> BoundSetStoreHistory:
    return _store_history(context, bind_history(context, node.history))


def _drop_store_history(context: BindContext, _: tree.DropStoreHistory, __: str) -> BoundSetStoreHistory:
    return _store_history(context, None)


def _store_history(context: BindContext, bound: HistoryBound | None) -> BoundSetStoreHistory:
    if bound != context.catalog.history:
        context.catalog = context.catalog.with_history(bound)
    return BoundSetStoreHistory(bound)


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
    rule = collection.time_to_live and collection.time_to_live.with_field_renamed(name_of)
    return replace(collection, fields=fields, key=key, last_field_id=given, time_to_live=rule)


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
    counted_from = collection.time_to_live is not None and collection.time_to_live.by in names
    if collection.key in names:
        _refuse(context, "PQ0645", collection, field)
    elif users:
        _refuse(context, "PQ0646", collection, field, user=users[0])
    elif counted_from:
        _refuse(context, "PQ0663", collection, field)
    return collection.key in names or bool(users) or counted_from


def _refuse(context: BindContext, code: str, collection: Collection, field: Any, **words: Any) -> None:
    context.report(code, field.span, collection=collection.name, name=field.name, **words)


def _role(words: Sequence[str]) -> CompletionRole:
    if "set" in words[2:4]:
        return CompletionRole.TIME_FIELD if words[-1] == "by" else CompletionRole.NOTHING
    if words[-1] == "collection" and len(words) == 2:
        return CompletionRole.COLLECTION
    if words[-1] == "field":
        return CompletionRole.NOTHING if "add" in words else CompletionRole.VECTOR_SOURCE
    if "retype" in words and "to" in words:
        return CompletionRole.TYPE if words[-1] in {"to", "["} else type_role(words)
    return field_role(words) if {"add", "redefine"} & set(words) else CompletionRole.NOTHING


STATEMENTS = (
    StatementSpec(
        "alter", "alter collection name add field ... | drop field ... | rename field a to b | retype field a to type | "
        "redefine field a: ... | set keep ... history ... | drop keep | drop history; alter store set history ... | "
        "drop history",
        "Changes the fields of a collection, or how long it, or the store, keeps what. A retype is refused where a value does "
        "not convert.",
        role=_role,
        words={
            "add": "A new field; records have its default, or null.",
            "rename": "Another name for the field.",
            "retype": "Another type for the field; all values must convert.",
            "redefine": "The whole declaration of the field, anew; all records must fit it.",
            "field": "The field that is changed.",
            "store": "The whole store: what its collections do where they say nothing themselves.",
            "set": "How long records, or their past versions, are kept.",
        },
        binders={tree.AddField: _add, tree.DropField: _drop_field, tree.RenameField: _rename, tree.RetypeField: _retype,
                 tree.RedefineField: _redefine, tree.SetRetention: _set_retention, tree.DropRetention: _drop_retention,
                 tree.SetStoreHistory: _set_store_history, tree.DropStoreHistory: _drop_store_history},
    ),
)  # fmt: skip
