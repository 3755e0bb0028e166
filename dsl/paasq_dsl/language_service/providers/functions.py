"""Functions: aggregates alone in summarize, with all others in extend and select; elsewhere those of one row."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind
from paasq_dsl.language_service.completion_item import BETTER, RANKS, CompletionItem, CompletionKind
from paasq_dsl.language_service.cursor_context import CursorContext, FieldValues
from paasq_dsl.language_service.expected_type import expected_type
from paasq_dsl.syntax.completion_role import CompletionRole

_ROLES = {
    CompletionRole.EXPRESSION: {FunctionKind.SCALAR},
    CompletionRole.WINDOW_EXPRESSION: set(FunctionKind),
    CompletionRole.COMPUTED_FIELD: {FunctionKind.SCALAR},
    CompletionRole.SCALAR: {FunctionKind.SCALAR},
    CompletionRole.AGGREGATE: {FunctionKind.AGGREGATE},
}


def provide(place: CursorContext, _: FieldValues) -> Iterator[CompletionItem]:
    """The functions of the kinds that the role allows, and those that the text declares."""
    if place.quoted or not place.accepts_value:
        return
    if place.role in _ROLES:
        yield from _all(place)
    elif (
        place.role is CompletionRole.PATH_SEGMENT
        and place.module_qualifier
        and not place.preceding_words[-2].startswith("$")
    ):
        yield from _own(place)


def _own(place: CursorContext) -> Iterator[CompletionItem]:
    """Those that the text declares or uses; after the alias of a module its own."""
    wanted, kind = expected_type(place), CompletionKind.FUNCTION
    called = place.text[place.replace_span.end : place.replace_span.end + 1] == "("
    for own in place.bind_result.functions.values():
        if own.name.startswith(place.module_qualifier):
            name = own.name.removeprefix(place.module_qualifier)
            rank = RANKS[kind] + (BETTER if wanted is not None and own.result == wanted else 0)
            yield CompletionItem(
                name, name if called else f"{name}(", kind, own.usage, own.doc, place.replace_span, rank
            )


def _all(place: CursorContext) -> Iterator[CompletionItem]:
    if place.role is not CompletionRole.AGGREGATE:
        yield from _own(place)
    wanted = expected_type(place)
    kind = CompletionKind.FUNCTION
    called = place.text[place.replace_span.end : place.replace_span.end + 1] == "("
    for function in FUNCTIONS.values():
        if function.kind not in _ROLES[place.role] or (
            function.depends_on_run and place.role is CompletionRole.COMPUTED_FIELD
        ):
            continue
        fits = wanted is not None and any(s.result == str(wanted.kind) for s in function.signatures)
        rank = RANKS[kind] + (BETTER * 3 if place.role is CompletionRole.AGGREGATE else BETTER if fits else 0)
        insert = function.name if called else f"{function.name}("
        yield CompletionItem(function.name, insert, kind, function.usage, function.doc, place.replace_span, rank)
