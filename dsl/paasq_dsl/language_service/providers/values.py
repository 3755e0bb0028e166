"""Values that records have, as the index counts them: in a string, where one would begin, keys after `note:`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from paasq_dsl.catalog import KEY_FIELD_DEFAULT
from paasq_dsl.language_service.completion_item import RANKS, CompletionItem, CompletionKind
from paasq_dsl.language_service.cursor_context import CursorContext, FieldValues
from paasq_dsl.language_service.expected_type import value_target_at
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.syntax.lexer import format_string, unescape_string
from paasq_dsl.types import Type, TypeKind

VALUES_MAX = 20
_COUNTED = frozenset({TypeKind.KEYWORD, TypeKind.LINK})
_PLAIN_KEY = re.compile(r"\w[\w\-]*(?:\.\w[\w\-]*)*")  # what a record's key may be without quotes


def provide(place: CursorContext, values: FieldValues) -> Iterator[CompletionItem]:
    """Up to `VALUES_MAX` stored values of the field compared with, most frequent first; record keys after
    `collection:`."""
    if place.role is CompletionRole.KEY:
        yield from _keys(place, values)
        return
    subject = value_target_at(place)
    if subject is None or subject.collection is None or not (place.quoted or place.accepts_value):
        return
    type_ = subject.type.item if subject.type.kind is TypeKind.LIST and subject.type.item else subject.type
    if type_.kind not in _COUNTED:
        return
    prefix = unescape_string(f'"{place.prefix}"') if place.quoted else ""
    counted = values(subject.collection.name, subject.name, prefix, limit=VALUES_MAX)
    for order, (value, count) in enumerate(counted):
        insert = _in_string(place, value) if place.quoted else _literal(type_, value)
        yield _value(place, value if place.quoted else insert, insert, count, order)


def _keys(place: CursorContext, values: FieldValues) -> Iterator[CompletionItem]:
    """Of `note:` the keys of notes."""
    collection = place.catalog.collections.get(place.preceding_words[-2].strip("`"))
    if collection is None or place.quoted or collection.key == KEY_FIELD_DEFAULT:
        return
    counted = values(collection.name, collection.key, place.prefix, limit=VALUES_MAX)
    for order, (key, count) in enumerate(counted):
        yield _value(place, key, _key(key), count, order)


def _in_string(place: CursorContext, value: str) -> str:
    closed = place.text[place.replace_span.end : place.replace_span.end + 1] == '"'
    return format_string(value)[1 : -1 if closed else None]


def _literal(type_: Type, value: str) -> str:
    if type_.kind is TypeKind.LINK and type_.name is not None:
        return f"{type_.name}:{_key(value)}"
    return format_string(value)


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else format_string(key)


def _value(place: CursorContext, label: str, insert: str, count: int, order: int) -> CompletionItem:
    kind = CompletionKind.VALUE
    records = "record" if count == 1 else "records"
    # most frequent first, within the span of ranks that values have
    return CompletionItem(
        label, insert, kind, f"{count} {records}", "", place.replace_span, RANKS[kind] - VALUES_MAX + order
    )
