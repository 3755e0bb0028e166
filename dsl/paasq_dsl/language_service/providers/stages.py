"""Words that statements and stages begin with."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.language_service.completion_item import RANK_NEXT_STAGE, RANKS, CompletionItem, CompletionKind
from paasq_dsl.language_service.cursor_context import CursorContext, FieldValues
from paasq_dsl.stages import STAGES
from paasq_dsl.stages.fuse import BRANCH_STAGES
from paasq_dsl.statements import STATEMENTS
from paasq_dsl.syntax.completion_role import CompletionRole

_WRITES = frozenset({"put", "patch", "delete"})
_PIPELINES = frozenset({"from", "let", "explain", "watch"})


def provide(place: CursorContext, _: FieldValues) -> Iterator[CompletionItem]:
    """Statement keywords at the start of a statement; stage keywords after a bar, or with the bar where a stage may
    end."""
    if place.quoted:
        return
    if place.role in {CompletionRole.STATEMENT, CompletionRole.WRITE}:
        for statement in STATEMENTS:
            word = statement.keyword
            previewed = word == "forget" and place.preceding_words == ("dryrun",)  # which is no part of a tx
            if place.role is CompletionRole.STATEMENT or word in _WRITES or previewed:
                kind = CompletionKind.STATEMENT
                yield CompletionItem(
                    word, word, kind, statement.synopsis, statement.doc, place.replace_span, RANKS[kind]
                )
    elif place.role is CompletionRole.STAGE:
        yield from _stages(place, "", RANKS[CompletionKind.STAGE])
    elif "$END" in place.expected_terminals and (place.start_rule == "stage" or place.preceding_words[0] in _PIPELINES):
        yield from _stages(place, "| ", RANK_NEXT_STAGE)


def _stages(place: CursorContext, bar: str, rank: int) -> Iterator[CompletionItem]:
    """In the order of the registry, which begins with what most queries are made of."""
    in_branch = place.preceding_words[:1] == ("fuse",) and not bar
    for order, spec in enumerate(STAGES):
        if not in_branch or spec.node in BRANCH_STAGES:
            kind = CompletionKind.STAGE
            yield CompletionItem(
                spec.keyword, bar + spec.keyword, kind, spec.synopsis, spec.doc, place.replace_span, rank + order
            )
