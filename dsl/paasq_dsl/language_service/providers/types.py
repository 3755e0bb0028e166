"""Types, languages of a text, sizes of a vector."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.language_service.completion_item import RANKS, CompletionItem, CompletionKind
from paasq_dsl.language_service.cursor_context import CursorContext, FieldValues
from paasq_dsl.language_service.keyword_docs import TYPE_DOCS, TYPE_SNIPPETS
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.text_languages import LANGUAGES

_KIND = CompletionKind.TYPE


def provide(place: CursorContext, _: FieldValues) -> Iterator[CompletionItem]:
    """Types in a declaration, languages in `text(...)`, and `auto` in `vector(...)`."""
    if place.quoted:
        return
    rank = RANKS[_KIND]
    if place.role is CompletionRole.TYPE:
        for name, doc in TYPE_DOCS.items():
            yield CompletionItem(name, TYPE_SNIPPETS.get(name, name), _KIND, "type", doc, place.replace_span, rank)
    elif place.role is CompletionRole.LANGUAGE:
        for language in LANGUAGES:
            yield CompletionItem(language, language, _KIND, "language", "", place.replace_span, rank)
    elif place.role is CompletionRole.SIZE:
        yield CompletionItem(
            "auto", "auto", _KIND, "size", "As long as the model makes them.", place.replace_span, rank
        )
