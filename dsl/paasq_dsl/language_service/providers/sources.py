"""Collections and lets, as sources and as the left part of a record such as task:7."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.binder.inlining import signature
from paasq_dsl.catalog import Collection
from paasq_dsl.language_service.completion_item import RANKS, WORSE, Completion, CompletionKind
from paasq_dsl.language_service.cursor_context import Place, Values
from paasq_dsl.language_service.expected_type import wanted_type
from paasq_dsl.language_service.role import Role
from paasq_dsl.types import Kind


def provide(place: Place, _: Values) -> Iterator[Completion]:
    if place.quoted:
        return
    if place.role in {Role.SOURCE, Role.COLLECTION, Role.NAMED}:
        for collection in place.catalog.collections.values():
            yield _collection(place, collection, "")
    if place.role in {Role.SOURCE, Role.MEMBER}:
        for let in place.bound.lets.values():
            if let.name.startswith(place.qualified):
                columns = ", ".join(c.name for c in let.stages[-1].schema.visible)
                detail = f"{let.word}{signature(let.parameters) if let.parameters else ''}: {columns}"
                name = let.name.removeprefix(place.qualified)
                yield _pipeline(place, name, detail, let.doc, called=bool(let.parameters))
    if place.role in {Role.SOURCE, Role.VIEW, Role.NAMED}:
        for view in place.catalog.views.values():
            called = bool(view.signature) and place.role is Role.SOURCE
            yield _pipeline(place, view.name, f"view{view.signature}: {view.text}", view.doc, called=called)
    if place.role in {Role.EXPRESSION, Role.COMPUTED, Role.SCALAR, Role.ARGUMENT} and "REF" in place.expected:
        yield from _records(place)


def _records(place: Place) -> Iterator[Completion]:
    """`person:` where a link to a person is asked for, and where near asks for a record."""
    wanted = wanted_type(place)
    near = place.words[0] == "near" and place.words[-1] == "to"
    for collection in place.catalog.collections.values():
        asked = wanted is not None and wanted.kind is Kind.LINK and wanted.name == collection.name
        if asked or (near and collection is place.schema.collection):
            yield _collection(place, collection, ":")


def _pipeline(place: Place, name: str, detail: str, doc: str, *, called: bool) -> Completion:
    """`called`: it takes values, whose bracket is written too, where there is none yet."""
    kind = CompletionKind.LET
    opened = place.text[place.span.end : place.span.end + 1] == "("
    return Completion(name, f"{name}(" if called and not opened else name, kind, detail, doc, place.span, RANKS[kind])


def _collection(place: Place, collection: Collection, behind: str) -> Completion:
    kind = CompletionKind.COLLECTION
    detail = (
        f"collection: {', '.join(dict.fromkeys(collection.object_of(f.name) or f.name for f in collection.fields))}"
    )
    rank = RANKS[kind] + (WORSE if behind else 0)
    return Completion(
        collection.name + behind, collection.name + behind, kind, detail, collection.doc, place.span, rank
    )
