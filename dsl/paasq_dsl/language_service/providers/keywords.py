"""Words and operators that the grammar takes here, methods of fuse, options of stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from paasq_dsl.language_service.completion_item import BETTER, RANK_STRUCTURE, RANKS, WORSE, Completion, CompletionKind
from paasq_dsl.language_service.cursor_context import Place, Values
from paasq_dsl.language_service.expected_type import path_subject
from paasq_dsl.language_service.keyword_docs import KEYWORDS, LIMIT_DOCS, METHOD_DOCS, OPTION_DOCS
from paasq_dsl.language_service.role import Role
from paasq_dsl.stages import budget, diversify, find, fuse, match, near
from paasq_dsl.syntax.statement_splitter import first_word
from paasq_dsl.types import ORDERED_KINDS, Kind, Type

_OPERATORS = {"EQ": "==", "NE": "!=", "LT": "<", "LE": "<=", "GT": ">", "GE": ">="}
_ORDERING = frozenset({"<", "<=", ">", ">="})
_OPTIONS: Mapping[str, Iterable[str]] = {"near": near.OPTIONS, "diversify": diversify.OPTIONS, "find": find.OPTIONS,
    "match": match.OPTIONS}  # fmt: skip
_TERMINAL_OF = {"from": ("FROM", "SOURCES")}
_IN_EXPRESSIONS = frozenset(["and", "or", "not", "in", "has", "any", "all", "true", "false", "null"])
_ELSEWHERE = frozenset({Role.STATEMENT, Role.STAGE, Role.WRITE})  # where the words are statements and stages


def provide(place: Place, _: Values) -> Iterator[Completion]:
    if place.quoted or place.role in _ELSEWHERE:
        return
    if place.role is Role.METHOD:
        for name in fuse.METHODS:
            yield _named(place, name, CompletionKind.METHOD, METHOD_DOCS[name])
        return
    if place.role is Role.LIMIT:
        for name in budget.LIMITS:
            yield _named(place, name, CompletionKind.OPTION, LIMIT_DOCS[name])
        return
    if place.role is Role.OPTION and "NAME" in place.expected:
        yield from _options(place)
    left = path_subject(place, place.words) if place.role in {Role.EXPRESSION, Role.COMPUTED} else None
    type_ = left.type if left else None
    for word, doc in KEYWORDS.items():
        if place.expected.isdisjoint(_TERMINAL_OF.get(word, (word.upper(),))):
            continue
        if word not in _IN_EXPRESSIONS:
            yield _completion(place, word, CompletionKind.KEYWORD, doc, RANK_STRUCTURE)
        elif place.wants_value and place.role in {Role.AGGREGATE, Role.ARGUMENT}:
            continue
        elif type_ is None or word not in {"has", "in"}:
            yield _named(place, word, CompletionKind.KEYWORD, doc)
        elif (word == "has") == (type_.kind is Kind.LIST):
            yield _named(place, word, CompletionKind.KEYWORD, doc, BETTER)
    if type_ is not None:
        yield from _operators(place, type_)
    if _ends_in_watch(place):
        for word in ("emit", "after"):
            yield _completion(place, word, CompletionKind.KEYWORD, KEYWORDS[word], RANK_STRUCTURE)


def _ends_in_watch(place: Place) -> bool:
    """May what a watch emits begin here?"""
    watching = first_word(place.text, place.begun.start) == "watch" and not place.nested
    return watching and place.start != "emission" and "$END" in place.expected


def _options(place: Place) -> Iterator[Completion]:
    words = place.words
    known = _OPTIONS.get(words[0]) or fuse.OPTIONS.get(words[1], ())
    for name in known:
        if name not in words:
            kind = CompletionKind.OPTION
            yield Completion(name, f"{name}=", kind, "option", OPTION_DOCS[name], place.span, RANKS[kind])


def _operators(place: Place, type_: Type) -> Iterator[Completion]:
    for terminal, operator in _OPERATORS.items():
        fits = type_.kind in ORDERED_KINDS and (operator not in _ORDERING or type_.kind is not Kind.BOOL)
        if terminal in place.expected and type_.kind is not Kind.LIST:
            yield _named(place, operator, CompletionKind.OPERATOR, "", 0 if fits else WORSE)


def _named(place: Place, word: str, kind: CompletionKind, doc: str, more: int = 0) -> Completion:
    return _completion(place, word, kind, doc, RANKS[kind] + more)


def _completion(place: Place, word: str, kind: CompletionKind, doc: str, rank: int) -> Completion:
    return Completion(word, word, kind, "", doc, place.span, rank)
