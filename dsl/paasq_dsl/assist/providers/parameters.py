"""Parameters that are declared above, and moments."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.assist.completion import BETTER, RANKS, WORSE, Completion, CompletionKind
from paasq_dsl.assist.place import Place, Values
from paasq_dsl.assist.role import Role
from paasq_dsl.assist.subject import wanted_type
from paasq_dsl.assist.words import MOMENT_DOCS
from paasq_dsl.functions.signature import unify
from paasq_dsl.syntax.words import MOMENTS
from paasq_dsl.types import Kind

_VALUES = frozenset({Role.EXPRESSION, Role.COMPUTED, Role.SCALAR, Role.ARGUMENT, Role.TEXT_FIELD})


def provide(place: Place, _: Values) -> Iterator[Completion]:
    if place.quoted or place.role not in _VALUES:
        return
    wanted = wanted_type(place)
    if "PARAM" in place.expected or not place.expected:
        kind = CompletionKind.PARAMETER
        for name, declared in place.bound.parameters.items():
            fits = wanted is not None and unify(wanted, declared.type) is not None
            rank = RANKS[kind] + (BETTER if fits else WORSE if wanted else 0)
            yield Completion(f"${name}", f"${name}", kind, str(declared.type), declared.doc, place.span, rank)
    if place.role is not Role.ARGUMENT and ("TIME" in place.expected or not place.expected):
        kind = CompletionKind.MOMENT
        rank = RANKS[kind] + (BETTER - WORSE if wanted and wanted.kind is Kind.TIME else WORSE)
        for moment in MOMENTS:
            yield Completion(f"@{moment}", f"@{moment}", kind, "time", MOMENT_DOCS[moment], place.span, rank)
