"""Functions: aggregates alone in summarize, with all others in extend and select; elsewhere those of one row."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind
from paasq_dsl.language_service.completion_item import BETTER, RANKS, Completion, CompletionKind
from paasq_dsl.language_service.cursor_context import Place, Values
from paasq_dsl.language_service.expected_type import wanted_type
from paasq_dsl.language_service.role import Role

_ROLES = {
    Role.EXPRESSION: {FunctionKind.SCALAR},
    Role.COMPUTED: set(FunctionKind),
    Role.FORMULA: {FunctionKind.SCALAR},
    Role.SCALAR: {FunctionKind.SCALAR},
    Role.AGGREGATE: {FunctionKind.AGGREGATE},
}


def provide(place: Place, _: Values) -> Iterator[Completion]:
    if place.quoted or not place.wants_value:
        return
    if place.role in _ROLES:
        yield from _all(place)
    elif place.role is Role.PART and place.qualified and not place.words[-2].startswith("$"):
        yield from _own(place)


def _own(place: Place) -> Iterator[Completion]:
    """Those that the text declares or uses; behind the alias of a module its own."""
    wanted, kind = wanted_type(place), CompletionKind.FUNCTION
    called = place.text[place.span.end : place.span.end + 1] == "("
    for own in place.bound.functions.values():
        if own.name.startswith(place.qualified):
            name = own.name.removeprefix(place.qualified)
            rank = RANKS[kind] + (BETTER if wanted is not None and own.result == wanted else 0)
            yield Completion(name, name if called else f"{name}(", kind, own.usage, own.doc, place.span, rank)


def _all(place: Place) -> Iterator[Completion]:
    if place.role is not Role.AGGREGATE:
        yield from _own(place)
    wanted = wanted_type(place)
    kind = CompletionKind.FUNCTION
    called = place.text[place.span.end : place.span.end + 1] == "("
    for function in FUNCTIONS.values():
        if function.kind not in _ROLES[place.role] or (function.per_run and place.role is Role.FORMULA):
            continue
        fits = wanted is not None and any(s.result == str(wanted.kind) for s in function.signatures)
        rank = RANKS[kind] + (BETTER * 3 if place.role is Role.AGGREGATE else BETTER if fits else 0)
        insert = function.name if called else f"{function.name}("
        yield Completion(function.name, insert, kind, function.usage, function.doc, place.span, rank)
