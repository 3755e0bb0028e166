"""Collections and lets, as sources and as the left part of a record such as task:7."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.binder.inlining import format_parameters
from paasq_dsl.catalog import Collection
from paasq_dsl.language_service.completion_item import RANKS, WORSE, CompletionItem, CompletionKind
from paasq_dsl.language_service.cursor_context import CursorContext, FieldValues
from paasq_dsl.language_service.expected_type import expected_type
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.types import TypeKind


def provide(place: CursorContext, _: FieldValues) -> Iterator[CompletionItem]:
    """Collections, lets and views where a source is named, and `collection:` where a record is expected."""
    if place.quoted:
        return
    if place.role in {CompletionRole.SOURCE, CompletionRole.COLLECTION, CompletionRole.NEW_NAME}:
        for collection in place.catalog.collections.values():
            yield _collection(place, collection, "")
    if place.role in {CompletionRole.SOURCE, CompletionRole.MEMBER}:
        for let in place.bind_result.lets.values():
            if let.name.startswith(place.module_qualifier):
                columns = ", ".join(c.name for c in let.stages[-1].schema.visible_columns)
                detail = f"{let.keyword}{format_parameters(let.parameters) if let.parameters else ''}: {columns}"
                name = let.name.removeprefix(place.module_qualifier)
                yield _pipeline(place, name, detail, let.doc, called=bool(let.parameters))
    if place.role in {CompletionRole.SOURCE, CompletionRole.VIEW, CompletionRole.NEW_NAME}:
        for view in place.catalog.views.values():
            called = bool(view.signature) and place.role is CompletionRole.SOURCE
            yield _pipeline(place, view.name, f"view{view.signature}: {view.definition}", view.doc, called=called)
    if (
        place.role
        in {CompletionRole.EXPRESSION, CompletionRole.WINDOW_EXPRESSION, CompletionRole.SCALAR, CompletionRole.ARGUMENT}
        and "REF" in place.expected_terminals
    ):
        yield from _records(place)


def _records(place: CursorContext) -> Iterator[CompletionItem]:
    """`person:` where a link to a person is asked for, and where near asks for a record."""
    wanted = expected_type(place)
    near = place.preceding_words[0] == "near" and place.preceding_words[-1] == "to"
    for collection in place.catalog.collections.values():
        asked = wanted is not None and wanted.kind is TypeKind.LINK and wanted.name == collection.name
        if asked or (near and collection is place.schema.collection):
            yield _collection(place, collection, ":")


def _pipeline(place: CursorContext, name: str, detail: str, doc: str, *, called: bool) -> CompletionItem:
    """`called`: it takes values, whose bracket is written too, where there is none yet."""
    kind = CompletionKind.LET
    opened = place.text[place.replace_span.end : place.replace_span.end + 1] == "("
    return CompletionItem(
        name, f"{name}(" if called and not opened else name, kind, detail, doc, place.replace_span, RANKS[kind]
    )


def _collection(place: CursorContext, collection: Collection, behind: str) -> CompletionItem:
    kind = CompletionKind.COLLECTION
    detail = f"collection: {', '.join(dict.fromkeys(collection.outermost_object(f.name) or f.name for f in collection.fields))}"
    rank = RANKS[kind] + (WORSE if behind else 0)
    return CompletionItem(
        collection.name + behind, collection.name + behind, kind, detail, collection.doc, place.replace_span, rank
    )
