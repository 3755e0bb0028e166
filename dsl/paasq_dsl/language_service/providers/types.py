"""Types, languages of a text, sizes of a vector."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.language_service.completion_item import RANKS, Completion, CompletionKind
from paasq_dsl.language_service.cursor_context import Place, Values
from paasq_dsl.language_service.keyword_docs import TYPE_INSERTS, TYPES
from paasq_dsl.language_service.role import Role
from paasq_dsl.text_languages import LANGUAGES

_KIND = CompletionKind.TYPE


def provide(place: Place, _: Values) -> Iterator[Completion]:
    if place.quoted:
        return
    rank = RANKS[_KIND]
    if place.role is Role.TYPE:
        for name, doc in TYPES.items():
            yield Completion(name, TYPE_INSERTS.get(name, name), _KIND, "type", doc, place.span, rank)
    elif place.role is Role.LANGUAGE:
        for language in LANGUAGES:
            yield Completion(language, language, _KIND, "language", "", place.span, rank)
    elif place.role is Role.SIZE:
        yield Completion("auto", "auto", _KIND, "size", "As long as the model makes them.", place.span, rank)
