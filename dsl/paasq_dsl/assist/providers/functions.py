"""Functions: aggregates in summarize alone, the others wherever a value may stand."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.assist.completion import BETTER, RANKS, Completion, CompletionKind
from paasq_dsl.assist.place import Place, Values
from paasq_dsl.assist.role import Role
from paasq_dsl.assist.subject import wanted_type
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind

_ROLES = {
    Role.EXPRESSION: FunctionKind.SCALAR,
    Role.SCALAR: FunctionKind.SCALAR,
    Role.COMPUTED: FunctionKind.SCALAR,
    Role.AGGREGATE: FunctionKind.AGGREGATE,
}


def provide(place: Place, _: Values) -> Iterator[Completion]:
    if place.quoted or not place.wants_value or place.role not in _ROLES:
        return
    wanted = wanted_type(place)
    kind = CompletionKind.FUNCTION
    called = place.text[place.span.end : place.span.end + 1] == "("
    for own in place.bound.functions.values() if place.role not in {Role.AGGREGATE, Role.COMPUTED} else ():
        better = BETTER if wanted is not None and own.result == wanted else 0
        insert = own.name if called else f"{own.name}("
        yield Completion(own.name, insert, kind, own.usage, own.doc, place.span, RANKS[kind] + better)
    for function in FUNCTIONS.values():
        if function.kind is not _ROLES[place.role] or (function.per_run and place.role is Role.COMPUTED):
            continue
        fits = wanted is not None and any(s.result == str(wanted.kind) for s in function.signatures)
        aggregate = function.kind is FunctionKind.AGGREGATE
        rank = RANKS[kind] + (BETTER * 3 if aggregate else BETTER if fits else 0)
        insert = function.name if called else f"{function.name}("
        yield Completion(function.name, insert, kind, function.usage, function.doc, place.span, rank)
