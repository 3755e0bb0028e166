"""Words and operators that the grammar takes here, methods of fuse, options of stages."""

from __future__ import annotations

from collections.abc import Iterator

from paasq_dsl.language_service.completion_item import (
    BETTER,
    RANK_STRUCTURE,
    RANKS,
    WORSE,
    CompletionItem,
    CompletionKind,
)
from paasq_dsl.language_service.cursor_context import CursorContext, FieldValues
from paasq_dsl.language_service.expected_type import resolve_path
from paasq_dsl.language_service.keyword_docs import KEYWORD_DOCS
from paasq_dsl.stages import STAGE_BY_KEYWORD
from paasq_dsl.syntax.completion_role import CompletionRole, innermost_stage
from paasq_dsl.syntax.statement_splitter import first_word
from paasq_dsl.types import ORDERED_KINDS, Type, TypeKind

_OPERATORS = {"EQ": "==", "NE": "!=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
_ORDERING = frozenset({"<", "<=", ">", ">="})
_TERMINAL_OF = {"from": ("FROM", "SOURCES")}
_IN_EXPRESSIONS = frozenset(["and", "or", "not", "in", "has", "any", "all", "true", "false", "null"])
_ELSEWHERE = frozenset(
    {CompletionRole.STATEMENT, CompletionRole.STAGE, CompletionRole.WRITE}
)  # where the words are statements and stages


def provide(place: CursorContext, _: FieldValues) -> Iterator[CompletionItem]:
    """Keywords and operators among the expected terminals, fuse methods, budget limits and stage options."""
    if place.quoted or place.role in _ELSEWHERE:
        return
    if place.role is CompletionRole.METHOD:
        for name, method in STAGE_BY_KEYWORD[place.preceding_words[0]].methods.items():
            yield _named(place, name, CompletionKind.METHOD, method.doc)
        return
    if place.role is CompletionRole.LIMIT:
        for name, doc in STAGE_BY_KEYWORD[place.preceding_words[0]].options.items():
            yield _named(place, name, CompletionKind.OPTION, doc)
        return
    if place.role is CompletionRole.OPTION and "NAME" in place.expected_terminals:
        yield from _options(place)
    left = (
        resolve_path(place, place.preceding_words)
        if place.role in {CompletionRole.EXPRESSION, CompletionRole.WINDOW_EXPRESSION}
        else None
    )
    type_ = left.type if left else None
    for word, doc in KEYWORD_DOCS.items():
        if place.expected_terminals.isdisjoint(_TERMINAL_OF.get(word, (word.upper(),))):
            continue
        if word not in _IN_EXPRESSIONS:
            yield _completion(place, word, CompletionKind.KEYWORD, doc, RANK_STRUCTURE)
        elif place.accepts_value and place.role in {CompletionRole.AGGREGATE, CompletionRole.ARGUMENT}:
            continue
        elif type_ is None or word not in {"has", "in"}:
            yield _named(place, word, CompletionKind.KEYWORD, doc)
        elif (word == "has") == (type_.kind is TypeKind.LIST):
            yield _named(place, word, CompletionKind.KEYWORD, doc, BETTER)
    if type_ is not None:
        yield from _operators(place, type_)
    if _ends_in_watch(place):
        for word in ("emit", "after"):
            yield _completion(place, word, CompletionKind.KEYWORD, KEYWORD_DOCS[word], RANK_STRUCTURE)


def _ends_in_watch(place: CursorContext) -> bool:
    """May what a watch emits begin here?"""
    watching = first_word(place.text, place.statement_prefix.start) == "watch" and not place.in_subquery
    return watching and place.start_rule != "emission" and "$END" in place.expected_terminals


def _options(place: CursorContext) -> Iterator[CompletionItem]:
    words = innermost_stage(place.preceding_words)
    spec = STAGE_BY_KEYWORD[words[0]]
    method = spec.methods.get(words[1])
    for name in method.options if method else spec.options:
        if name not in words:
            kind = CompletionKind.OPTION
            yield CompletionItem(name, f"{name}=", kind, "option", spec.options[name], place.replace_span, RANKS[kind])


def _operators(place: CursorContext, type_: Type) -> Iterator[CompletionItem]:
    for terminal, operator in _OPERATORS.items():
        fits = type_.kind in ORDERED_KINDS and (operator not in _ORDERING or type_.kind is not TypeKind.BOOL)
        if terminal in place.expected_terminals and type_.kind is not TypeKind.LIST:
            yield _named(place, operator, CompletionKind.OPERATOR, "", 0 if fits else WORSE)


def _named(place: CursorContext, word: str, kind: CompletionKind, doc: str, more: int = 0) -> CompletionItem:
    return _completion(place, word, kind, doc, RANKS[kind] + more)


def _completion(place: CursorContext, word: str, kind: CompletionKind, doc: str, rank: int) -> CompletionItem:
    return CompletionItem(word, word, kind, "", doc, place.replace_span, rank)
