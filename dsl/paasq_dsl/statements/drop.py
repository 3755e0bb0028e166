"""drop: without a collection or a view."""

from __future__ import annotations

from collections.abc import Sequence

from paasq_dsl.binder.context import BindContext
from paasq_dsl.bound import BoundDropCollection, BoundDropView
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.statements.spec import StatementSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.types import Type, TypeKind


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


def _link_to(collection: Collection, target: str) -> Field | None:
    def leads(type_: Type) -> bool:
        return type_.kind is TypeKind.LINK and type_.name == target

    return next((f for f in collection.fields if leads(f.type.item or f.type)), None)


def _role(words: Sequence[str]) -> CompletionRole:
    return (
        {"collection": CompletionRole.COLLECTION, "view": CompletionRole.VIEW}.get(words[-1], CompletionRole.NOTHING)
        if len(words) == 2
        else CompletionRole.NOTHING
    )


STATEMENTS = (
    StatementSpec(
        "drop", "drop collection name [and its records] | drop view name",
        "Takes a collection or a view away; a collection that has records only with `and its records`.",
        role=_role,
        words={
            "its": "and its records: what the collection holds goes with it.",
            "records": "and its records: what the collection holds goes with it.",
        },
        binders={tree.DropCollection: _drop_collection, tree.DropView: _drop_view},
    ),
)  # fmt: skip
