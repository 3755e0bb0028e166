"""Parameters that are declared above, and moments."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.functions.signature import unify
from paasq_dsl.language_service.completion_item import BETTER, RANKS, WORSE, CompletionItem, CompletionKind
from paasq_dsl.language_service.cursor_context import CursorContext, FieldValues
from paasq_dsl.language_service.expected_type import expected_type
from paasq_dsl.language_service.keyword_docs import MOMENT_DOCS
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.syntax.keywords import MOMENTS
from paasq_dsl.types import Type, TypeKind

_VALUES = frozenset(
    {
        CompletionRole.EXPRESSION,
        CompletionRole.WINDOW_EXPRESSION,
        CompletionRole.SCALAR,
        CompletionRole.ARGUMENT,
        CompletionRole.TEXT_FIELD,
    }
)
_KIND = CompletionKind.PARAMETER


def provide(place: CursorContext, _: FieldValues) -> Iterator[CompletionItem]:
    """Declared parameters, those of the pipeline being declared too, and moments such as `@now`."""
    if (
        place.role is CompletionRole.PATH_SEGMENT
        and place.module_qualifier
        and place.preceding_words[-2].startswith("$")
    ):
        for name, declared in place.bind_result.parameters.items():
            if name.startswith(place.module_qualifier):
                yield _completion(place, name.removeprefix(place.module_qualifier), declared.type, declared.doc, 0)
    if place.quoted or place.role not in _VALUES:
        return
    wanted = expected_type(place)
    if "PARAM" in place.expected_terminals or not place.expected_terminals:
        own = {f"${name}": (each.type, "") for name, each in place.own_parameters.items()}
        asked = {f"${name}": (each.type, each.doc) for name, each in place.bind_result.parameters.items()}
        for label, (type_, doc) in (asked | own).items():
            fits = wanted is not None and unify(wanted, type_) is not None
            yield _completion(place, label, type_, doc, BETTER if fits else WORSE if wanted else 0)
    if place.role is not CompletionRole.ARGUMENT and (
        "TIME" in place.expected_terminals or not place.expected_terminals
    ):
        kind = CompletionKind.MOMENT
        rank = RANKS[kind] + (BETTER - WORSE if wanted and wanted.kind is TypeKind.TIME else WORSE)
        for moment in MOMENTS:
            yield CompletionItem(
                f"@{moment}", f"@{moment}", kind, "time", MOMENT_DOCS[moment], place.replace_span, rank
            )


def _completion(place: CursorContext, label: str, type_: Type, doc: str, more: int) -> CompletionItem:
    return CompletionItem(label, label, _KIND, str(type_), doc, place.replace_span, RANKS[_KIND] + more)
