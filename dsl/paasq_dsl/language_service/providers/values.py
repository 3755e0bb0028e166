"""Values that records have, as the index counts them: in a string, where one would begin, keys behind `note:`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from paasq_dsl.catalog import KEY_FIELD_DEFAULT
from paasq_dsl.language_service.completion_item import RANKS, Completion, CompletionKind
from paasq_dsl.language_service.cursor_context import Place, Values
from paasq_dsl.language_service.expected_type import subject_at
from paasq_dsl.language_service.role import Role
from paasq_dsl.syntax.lexer import quote_string, unquote
from paasq_dsl.types import Kind, Type

VALUES_MAX = 20
_COUNTED = frozenset({Kind.KEYWORD, Kind.LINK})
_PLAIN_KEY = re.compile(r"\w[\w\-]*(?:\.\w[\w\-]*)*")  # what a record's key may be without quotes


def provide(place: Place, values: Values) -> Iterator[Completion]:
    if place.role is Role.KEY:
        yield from _keys(place, values)
        return
    subject = subject_at(place)
    if subject is None or subject.collection is None or not (place.quoted or place.wants_value):
        return
    type_ = subject.type.item if subject.type.kind is Kind.LIST and subject.type.item else subject.type
    if type_.kind not in _COUNTED:
        return
    prefix = unquote(f'"{place.word}"') if place.quoted else ""
    counted = values(subject.collection.name, subject.name, prefix, limit=VALUES_MAX)
    for order, (value, count) in enumerate(counted):
        insert = _in_string(place, value) if place.quoted else _literal(type_, value)
        yield _value(place, value if place.quoted else insert, insert, count, order)


def _keys(place: Place, values: Values) -> Iterator[Completion]:
    """Of `note:` the keys of notes."""
    collection = place.catalog.collections.get(place.words[-2].strip("`"))
    if collection is None or place.quoted or collection.key == KEY_FIELD_DEFAULT:
        return
    counted = values(collection.name, collection.key, place.word, limit=VALUES_MAX)
    for order, (key, count) in enumerate(counted):
        yield _value(place, key, _key(key), count, order)


def _in_string(place: Place, value: str) -> str:
    closed = place.text[place.span.end : place.span.end + 1] == '"'
    return quote_string(value)[1 : -1 if closed else None]


def _literal(type_: Type, value: str) -> str:
    if type_.kind is Kind.LINK and type_.name is not None:
        return f"{type_.name}:{_key(value)}"
    return quote_string(value)


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else quote_string(key)


def _value(place: Place, label: str, insert: str, count: int, order: int) -> Completion:
    kind = CompletionKind.VALUE
    records = "record" if count == 1 else "records"
    # most frequent first, within the span of ranks that values have
    return Completion(label, insert, kind, f"{count} {records}", "", place.span, RANKS[kind] - VALUES_MAX + order)
