"""What a value at a place is compared with or given to: the field, its type and its collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paasq_dsl.catalog import SYSTEM_COLUMNS, Catalog, Collection
from paasq_dsl.language_service.active_call import call_at
from paasq_dsl.language_service.cursor_context import Place
from paasq_dsl.language_service.dotted_paths import dotted, object_around
from paasq_dsl.language_service.role import current_branch, current_write, innermost
from paasq_dsl.types import Kind, Type

_COMPARING = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "has", "..", "+", "-"})
_MORE = frozenset({"any", "all", "not"})


@dataclass(frozen=True, slots=True)
class Subject:
    """`collection` and its field `name` are where the values live; without a collection `name` is a computed column."""

    collection: Collection | None
    name: str
    type: Type


def subject_at(place: Place) -> Subject | None:
    """The left side where the place is the right one: `status ==`, `tags has any ["a",`, `{status:`, `set status =`."""
    words = list(current_branch(place.words) or current_write(place.words))
    if not words:
        return None
    if place.target is not None and (name := _assigned(words)):
        return _of_collection(place.target, name)
    at = innermost(words)
    if at >= 0 and words[at] == "[" and at > 0:
        words = words[:at]
    if not words or words[-1] not in _COMPARING | _MORE:
        return None
    while words and words[-1] in _COMPARING | _MORE:
        words.pop()
    return path_subject(place, words)


def wanted_type(place: Place) -> Type | None:
    """The type of one value that fits here."""
    subject = subject_at(place)
    if subject is None:
        call = call_at(place)
        return call.type if call and place.words[-1] in {"(", ",", "["} else None
    return subject.type.item if subject.type.kind is Kind.LIST else subject.type


def path_subject(place: Place, words: Sequence[str]) -> Subject | None:
    """The field that the words end with: `due`, `_score.text`, `source->from`."""
    if len(words) > 1 and words[-2] == "->":
        base = path_subject(place, words[:-2])
        target = linked(place.catalog, base)
        return _of_collection(target, words[-1]) if target else None
    if not words:
        return None
    name = dotted(words)
    before = len(words) - len(name.split(".")) * 2
    if before > 0 and words[before] == "->":  # a field of an object of what is linked
        target = linked(place.catalog, path_subject(place, words[:before]))
        return _of_collection(target, name) if target else None
    column = place.schema.by_name.get(name)
    if column is None:
        return None
    collection = place.catalog.collections.get(column.origin.collection) if column.origin else None
    if collection is None or column.origin is None or column.origin.field not in collection.by_name:
        return Subject(None, name, column.type)
    return Subject(collection, column.origin.field, column.type)


def linked(catalog: Catalog, subject: Subject | None) -> Collection | None:
    """The collection that a link, or a list of links, leads to."""
    if subject is None:
        return None
    link = subject.type.item if subject.type.kind is Kind.LIST else subject.type
    return catalog.collections.get(link.name or "") if link and link.kind is Kind.LINK else None


def _assigned(words: Sequence[str]) -> str | None:
    """The field that a value is written to."""
    at = innermost(words)
    if at > 0 and words[at] == "[" and words[at - 1] in {":", "="} and words[0] != "delete":
        words = words[:at]
    if len(words) > 1 and (words[-1] == ":" or (words[-1] == "=" and words[0] in {"patch", "put"})):
        path = object_around(words)
        return f"{path}.{dotted(words[:-1])}" if path else dotted(words[:-1])
    return None


def _of_collection(collection: Collection, name: str) -> Subject | None:
    name = name.strip("`")
    field = collection.by_name.get(name)
    if field is None:
        return Subject(None, name, SYSTEM_COLUMNS[name]) if name in SYSTEM_COLUMNS else None
    return Subject(collection, name, field.type)
