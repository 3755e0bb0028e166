"""Names of time zones: after `zone`, and in a string that a function takes for one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.language_service.completion_item import RANKS, CompletionItem, CompletionKind
from paasq_dsl.language_service.cursor_context import CursorContext, FieldValues
from paasq_dsl.syntax.completion_role import CompletionRole, innermost_open_bracket
from paasq_dsl.time_zones import zone_names


def provide(place: CursorContext, _: FieldValues) -> Iterator[CompletionItem]:
    """Time zone names after `zone`, and in a string argument whose signature asks for a zone."""
    if not (place.role is CompletionRole.ZONE and len(place.preceding_words) == 1) and not (
        place.quoted and _is_argument(place.preceding_words)
    ):
        return
    kind = CompletionKind.VALUE
    behind = "" if place.quoted and place.text[place.replace_span.end : place.replace_span.end + 1] == '"' else '"'
    for name in zone_names():
        insert = f"{'' if place.quoted else chr(34)}{name}{behind}"
        yield CompletionItem(name, insert, kind, "time zone", "", place.replace_span, RANKS[kind])


def _is_argument(words: Sequence[str]) -> bool:
    """Does a function take the name of a zone at the end of these words?"""
    at = innermost_open_bracket(words)
    if at < 1 or words[at] != "(" or words[at - 1] not in FUNCTIONS:
        return False
    place = _commas(words[at + 1 :])
    asked = (s.expected_types(place + 1) for s in FUNCTIONS[words[at - 1]].signatures)
    return any(words_ is not None and words_[place] == "zone" for words_ in asked)


def _commas(words: Sequence[str]) -> int:
    """Those that are in no bracket."""
    opened = count = 0
    for word in words:
        opened += (word in {"(", "[", "{"}) - (word in {")", "]", "}"})
        count += word == "," and opened == 0
    return count
