"""Words that statements and stages begin with."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.language_service.completion_item import RANK_NEXT_STAGE, RANKS, Completion, CompletionKind
from paasq_dsl.language_service.cursor_context import Place, Values
from paasq_dsl.language_service.keyword_docs import STATEMENTS
from paasq_dsl.language_service.role import Role
from paasq_dsl.stages import VERBS

_WRITES = frozenset({"put", "patch", "delete"})
_PIPELINES = frozenset({"from", "let", "explain", "watch"})
_IN_BRANCH = frozenset({"match", "near", "find", "where", "take", "fuse"})


def provide(place: Place, _: Values) -> Iterator[Completion]:
    if place.quoted:
        return
    if place.role in {Role.STATEMENT, Role.WRITE}:
        for word, statement in STATEMENTS.items():
            if place.role is Role.STATEMENT or word in _WRITES:
                kind = CompletionKind.STATEMENT
                yield Completion(word, word, kind, statement.form, statement.doc, place.span, RANKS[kind])
    elif place.role is Role.STAGE:
        yield from _stages(place, "", RANKS[CompletionKind.STAGE])
    elif "$END" in place.expected and (place.start == "stage" or place.words[0] in _PIPELINES):
        yield from _stages(place, "| ", RANK_NEXT_STAGE)


def _stages(place: Place, bar: str, rank: int) -> Iterator[Completion]:
    """In the order of the registry, which begins with what most queries are made of."""
    in_branch = place.words[:1] == ("fuse",) and not bar
    for order, verb in enumerate(VERBS):
        if not in_branch or verb.word in _IN_BRANCH:
            kind = CompletionKind.STAGE
            yield Completion(verb.word, bar + verb.word, kind, verb.form, verb.doc, place.span, rank + order)
