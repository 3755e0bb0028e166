"""What a value at a place is compared with or given to: the field, its type and its collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paasq_dsl.catalog import SYSTEM_COLUMNS, Catalog, Collection
from paasq_dsl.language_service.active_call import active_call
from paasq_dsl.language_service.cursor_context import CursorContext
from paasq_dsl.language_service.dotted_paths import enclosing_object, trailing_path
from paasq_dsl.syntax.completion_role import current_branch, current_write, innermost_open_bracket
from paasq_dsl.types import Type, TypeKind

_COMPARING = frozenset({"==", "!=", "<", "<=", ">", ">=", "in", "has", "..", "+", "-"})
_MORE = frozenset({"any", "all", "not"})


@dataclass(frozen=True, slots=True)
class ValueTarget:
    """`collection` and its field `name` are where the values live; without a collection `name` is a computed column."""

    collection: Collection | None
    name: str
    type: Type


def value_target_at(place: CursorContext) -> ValueTarget | None:
    """The left side where the place is the right one: `status ==`, `tags has any ["a",`, `{status:`, `set status =`."""
    words = list(current_branch(place.preceding_words) or current_write(place.preceding_words))
    if not words:
        return None
    if place.write_target is not None and (name := _assigned(words)):
        return _of_collection(place.write_target, name)
    at = innermost_open_bracket(words)
    if at >= 0 and words[at] == "[" and at > 0:
        words = words[:at]
    if not words or words[-1] not in _COMPARING | _MORE:
        return None
    while words and words[-1] in _COMPARING | _MORE:
        words.pop()
    return resolve_path(place, words)


def expected_type(place: CursorContext) -> Type | None:
    """The type of one value that fits here."""
    subject = value_target_at(place)
    if subject is None:
        call = active_call(place)
        return call.argument_type if call and place.preceding_words[-1] in {"(", ",", "["} else None
    return subject.type.item if subject.type.kind is TypeKind.LIST else subject.type


def resolve_path(place: CursorContext, words: Sequence[str]) -> ValueTarget | None:
    """The field that the words end with: `due`, `_score.text`, `source->from`."""
    if len(words) > 1 and words[-2] == "->":
        base = resolve_path(place, words[:-2])
        target = link_target(place.catalog, base)
        return _of_collection(target, words[-1]) if target else None
    if not words:
        return None
    name = trailing_path(words)
    before = len(words) - len(name.split(".")) * 2
    if before > 0 and words[before] == "->":  # a field of an object of what is linked
        target = link_target(place.catalog, resolve_path(place, words[:before]))
        return _of_collection(target, name) if target else None
    column = place.schema.columns_by_name.get(name)
    if column is None:
        return None
    collection = place.catalog.collections.get(column.origin.collection) if column.origin else None
    if collection is None or column.origin is None or column.origin.field not in collection.fields_by_name:
        return ValueTarget(None, name, column.type)
    return ValueTarget(collection, column.origin.field, column.type)


def link_target(catalog: Catalog, subject: ValueTarget | None) -> Collection | None:
    """The collection that a link, or a list of links, leads to."""
    if subject is None:
        return None
    link = subject.type.item if subject.type.kind is TypeKind.LIST else subject.type
    return catalog.collections.get(link.name or "") if link and link.kind is TypeKind.LINK else None


def _assigned(words: Sequence[str]) -> str | None:
    """The field that a value is written to."""
    at = innermost_open_bracket(words)
    if at > 0 and words[at] == "[" and words[at - 1] in {":", "="} and words[0] not in {"delete", "forget"}:
        words = words[:at]
    if len(words) > 1 and (words[-1] == ":" or (words[-1] == "=" and words[0] in {"patch", "put"})):
        path = enclosing_object(words)
        return f"{path}.{trailing_path(words[:-1])}" if path else trailing_path(words[:-1])
    return None


def _of_collection(collection: Collection, name: str) -> ValueTarget | None:
    name = name.strip("`")
    field = collection.fields_by_name.get(name)
    if field is None:
        return ValueTarget(None, name, SYSTEM_COLUMNS[name]) if name in SYSTEM_COLUMNS else None
    return ValueTarget(collection, name, field.type)
