"""Collections and lets, as sources and as the left part of a record such as task:7."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.assist.completion import RANKS, WORSE, Completion, CompletionKind
from paasq_dsl.assist.place import Place, Values
from paasq_dsl.assist.role import Role
from paasq_dsl.assist.subject import wanted_type
from paasq_dsl.catalog import Collection
from paasq_dsl.types import Kind


def provide(place: Place, _: Values) -> Iterator[Completion]:
    if place.quoted:
        return
    if place.role in {Role.SOURCE, Role.COLLECTION, Role.NAMED}:
        for collection in place.catalog.collections.values():
            yield _collection(place, collection, "")
    if place.role in {Role.SOURCE, Role.VIEW, Role.NAMED}:
        for view in place.catalog.views.values():
            kind = CompletionKind.LET
            yield Completion(view.name, view.name, kind, f"view: {view.text}", view.doc, place.span, RANKS[kind])
    if place.role is Role.SOURCE:
        kind = CompletionKind.LET
        for name, let in place.lets.items():
            columns = ", ".join(c.name for c in let.query.schema.visible)
            yield Completion(name, name, kind, f"let: {columns}", let.doc, place.span, RANKS[kind])
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


def _collection(place: Place, collection: Collection, behind: str) -> Completion:
    kind = CompletionKind.COLLECTION
    detail = f"collection: {', '.join(f.name for f in collection.fields)}"
    rank = RANKS[kind] + (WORSE if behind else 0)
    return Completion(
        collection.name + behind, collection.name + behind, kind, detail, collection.doc, place.span, rank
    )
