"""Parameters that are declared above, and moments."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.functions.signature import unify
from paasq_dsl.language_service.completion_item import BETTER, RANKS, WORSE, Completion, CompletionKind
from paasq_dsl.language_service.cursor_context import Place, Values
from paasq_dsl.language_service.expected_type import wanted_type
from paasq_dsl.language_service.keyword_docs import MOMENT_DOCS
from paasq_dsl.language_service.role import Role
from paasq_dsl.syntax.keywords import MOMENTS
from paasq_dsl.types import Kind, Type

_VALUES = frozenset({Role.EXPRESSION, Role.COMPUTED, Role.SCALAR, Role.ARGUMENT, Role.TEXT_FIELD})
_KIND = CompletionKind.PARAMETER


def provide(place: Place, _: Values) -> Iterator[Completion]:
    if place.role is Role.PART and place.qualified and place.words[-2].startswith("$"):
        for name, declared in place.bound.parameters.items():
            if name.startswith(place.qualified):
                yield _completion(place, name.removeprefix(place.qualified), declared.type, declared.doc, 0)
    if place.quoted or place.role not in _VALUES:
        return
    wanted = wanted_type(place)
    if "PARAM" in place.expected or not place.expected:
        own = {f"${name}": (each.type, "") for name, each in place.own.items()}
        asked = {f"${name}": (each.type, each.doc) for name, each in place.bound.parameters.items()}
        for label, (type_, doc) in (asked | own).items():
            fits = wanted is not None and unify(wanted, type_) is not None
            yield _completion(place, label, type_, doc, BETTER if fits else WORSE if wanted else 0)
    if place.role is not Role.ARGUMENT and ("TIME" in place.expected or not place.expected):
        kind = CompletionKind.MOMENT
        rank = RANKS[kind] + (BETTER - WORSE if wanted and wanted.kind is Kind.TIME else WORSE)
        for moment in MOMENTS:
            yield Completion(f"@{moment}", f"@{moment}", kind, "time", MOMENT_DOCS[moment], place.span, rank)


def _completion(place: Place, label: str, type_: Type, doc: str, more: int) -> Completion:
    return Completion(label, label, _KIND, str(type_), doc, place.span, RANKS[_KIND] + more)
