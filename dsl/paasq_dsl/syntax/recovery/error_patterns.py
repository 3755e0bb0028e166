"""Mistakes that people bring from other languages, or make while typing, each with its own sentence and edit.

Looked for where a fragment did not parse, because the parser can only say what it would have taken instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from paasq_dsl.diagnostics import Diagnostic, Fix, make_diagnostic, replacement_fix, similar_names
from paasq_dsl.source_text import Span
from paasq_dsl.syntax.dialects.expressions import EXPRESSION_RULES
from paasq_dsl.syntax.dialects.hint_builders import lower_case_fix, source_of
from paasq_dsl.syntax.dialects.stages import STAGE_RULES
from paasq_dsl.syntax.dialects.statements import STATEMENT_RULES
from paasq_dsl.syntax.dialects.vocabulary import DIALECT_STAGES, DIALECT_STATEMENTS
from paasq_dsl.syntax.keywords import (
    NAME_PRECEDING_KEYWORDS,
    NAMELESS_KEYWORDS,
    STAGE_KEYWORDS,
    STATEMENT_KEYWORDS,
    WATCH_EVENTS,
)
from paasq_dsl.syntax.lexer import Token, TokenKind

_COMPARING = frozenset({"where"})
_FOREIGN_OPERATORS = {"||": "or", "<>": "!="}
_QUOTES = {
    "'": "'",
    "\u2018": "\u2019",
    "\u201c": "\u201d",
    "\u201e": "\u201c",
    "\u00ab": "\u00bb",
}  # with what closes each
_TYPOGRAPHIC = {
    "\u2212": "-",
    "\u2013": "-",
    "\u00d7": "*",
    "\u2260": "!=",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2192": "->",
}
_MINUTES_OR_MONTHS = re.compile(r"(\d+)m")

ErrorPattern = Callable[[Sequence[Token], str], Diagnostic | None]


def match_error_pattern(tokens: Sequence[Token], start_rule: str) -> Diagnostic | None:
    """The first error pattern that matches a fragment; `start_rule` is "head", "stage" or "emission"."""
    for rule in _RULES:
        found = rule(tokens, start_rule)
        if found is not None:
            return found
    return None


def intended_stage(word: str) -> str:
    """The stage keyword most similar to a word; the word itself where none is."""
    lowered = word.lower()
    if lowered in STAGE_KEYWORDS:
        return lowered
    return DIALECT_STAGES.get(lowered) or next(iter(similar_names(word, STAGE_KEYWORDS)), word)


def _first_word(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    first = tokens[0]
    if start == "emission":
        return None  # it is one by its word
    known = STAGE_KEYWORDS if start == "stage" else STATEMENT_KEYWORDS
    if first.text in known or first.kind is not TokenKind.NAME:
        return None
    if first.text == "emit" and start == "stage":
        return make_diagnostic("PQ0624", first.span)
    if (lowered := first.text.lower()) in known:
        return make_diagnostic("PQ0125", first.span, better=lowered, fix=lower_case_fix(tokens))
    foreign = DIALECT_STAGES if start == "stage" else DIALECT_STATEMENTS
    if (better := foreign.get(first.text.lower())) is not None:
        edit = replace(lower_case_fix(tokens, better), title=f"write {better}") if better.split()[0] in known else None
        return make_diagnostic(
            "PQ0106", first.span, found=first.text, better=better, fix=edit if "..." not in better else None
        )
    if first.text in STAGE_KEYWORDS and first.kind is TokenKind.NAME:
        return make_diagnostic("PQ0119", first.span)
    candidates = similar_names(first.text, known) if first.kind is TokenKind.NAME else ()
    code = "PQ0108" if start == "stage" else "PQ0110"
    edit = replacement_fix(first.span, candidates)
    known_words = "" if candidates else _SHOWN[start]
    return make_diagnostic(code, first.span, found=first.text[:40], known=known_words, candidates=candidates, fix=edit)


def _word_after_bar(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """Of a stage in brackets."""
    behind = (tokens[i + 1 :] for i, token in enumerate(tokens[:-1]) if token.text == "|")
    return next((found for stage in behind if (found := _first_word(stage, "stage"))), None)


_SHOWN = {
    "stage": "; most used are where, find, sort, take, select and summarize, and `show stages` lists all",
    "head": "; a query begins with from, a write with put, patch or delete",
}


def _odd_token(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """What the scanner has no kind for: open quotes and comments, foreign operators, a number run into a word."""
    for i, token in enumerate(tokens):
        if token.kind is not TokenKind.ERROR:
            continue
        if token.text.startswith("/*"):
            return make_diagnostic(
                "PQ0103", token.span, fix=Fix(Span(token.end, token.end), " */", "close the comment")
            )
        if token.text.startswith('"'):
            return _open_string(token)
        if token.text in _QUOTES:
            return _odd_quotes(tokens, i)
        if token.text in {"&", "!"}:
            return _foreign_operator(tokens, i)
        if (better := _TYPOGRAPHIC.get(token.text)) is not None:
            return _foreign(token.span, token.text, better)
        if token.text[0].isdigit():
            return _odd_number(token)
        shown = f"`{token.text}`" if token.text.isprintable() else f"U+{ord(token.text):04X}"
        edit = Fix(token.span, " ", "write a plain space") if token.text.isspace() else None
        return make_diagnostic("PQ0114", token.span, found=shown, fix=edit)
    return None


def _open_string(token: Token) -> Diagnostic:
    """The quote is missing before the stage that the string has swallowed, where there is one."""
    quote = '"""' if token.text.startswith('"""') else '"'
    swallowed = _STAGE_IN_STRING.search(token.text)
    end = token.start + swallowed.start() if swallowed else token.end
    return make_diagnostic("PQ0102", token.span, fix=Fix(Span(end, end), quote, "close the string"))


_STAGE_IN_STRING = re.compile(rf"\s*\|\s*(?:{'|'.join(sorted(STAGE_KEYWORDS))})\b|\s*;\s*$")


def _foreign(span: Span, found: str, better: str) -> Diagnostic:
    return make_diagnostic("PQ0106", span, found=found, better=better, fix=Fix(span, better, f"write {better}"))


def _odd_quotes(tokens: Sequence[Token], i: int) -> Diagnostic:
    opening = tokens[i]
    closing = next((t for t in tokens[i + 1 :] if t.text == _QUOTES[opening.text]), None)
    span = Span(opening.start, closing.end if closing else tokens[-1].end)
    return make_diagnostic("PQ0104", span, fix=_double_quotes(tokens, opening, closing))


def _double_quotes(tokens: Sequence[Token], opening: Token, closing: Token | None) -> Fix | None:
    if closing is None:
        return None
    inside = [t for t in tokens if opening.end <= t.start < closing.start]
    if any('"' in t.text for t in inside) or not inside:
        return None
    text = ""
    for token in inside:
        text = text.ljust(token.start - opening.end) + token.text
    return Fix(Span(opening.start, closing.end), f'"{text}"', "write double quotes")


def _foreign_operator(tokens: Sequence[Token], i: int) -> Diagnostic:
    token = tokens[i]
    if token.text == "!":
        return make_diagnostic("PQ0106", token.span, found="!", better="not", fix=Fix(token.span, "not ", "write not"))
    double = i + 1 < len(tokens) and tokens[i + 1].text == "&" and tokens[i + 1].start == token.end
    span = token.span.cover(tokens[i + 1].span) if double else token.span
    return _foreign(span, "&" * (1 + double), "and")


def _odd_number(token: Token) -> Diagnostic:
    if found := _MINUTES_OR_MONTHS.fullmatch(token.text):
        minutes, months = f"{found[1]}min", f"{found[1]}mo"
        edit = Fix(token.span, minutes, f"write {minutes}")
        return make_diagnostic("PQ0107", token.span, number=found[1], candidates=(minutes, months), fix=edit)
    expected = "a number or a duration (units: ms s min h d w mo y)"
    return make_diagnostic("PQ0101", token.span, expected=expected, found=f"`{token.text[:40]}`")


def _assignment_in_condition(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    if start != "stage" or tokens[0].text not in _COMPARING:
        return None
    for token in tokens:
        if token.text == "=" and token.kind is TokenKind.OPERATOR:
            return make_diagnostic("PQ0105", token.span, candidates=("==",), fix=Fix(token.span, "==", "write =="))
    return None


def _operator_words(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    for before, token in pairwise(tokens):
        joined = before.text + token.text
        if joined in _FOREIGN_OPERATORS and before.end == token.start and token.kind is TokenKind.OPERATOR:
            return _foreign(before.span.cover(token.span), joined, _FOREIGN_OPERATORS[joined])
    return None


def _comma_between_fields(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """A comma where the next field or the end of a collection follows."""
    if tokens[0].text != "collection":
        return None
    for i, token in enumerate(tokens):
        following = [t.text for t in tokens[i + 1 : i + 4]]
        field_follows = following[1:2] == [":"] or (following[:1] == ["key"] and following[2:3] == [":"])
        if token.text == "," and (field_follows or following[:1] == ["}"]):
            return make_diagnostic("PQ0120", token.span, fix=Fix(token.span, "", "take the comma out"))
    return None


def _missing_separator(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """The word of a stage or statement after something that can end a stage, where a name can't occur."""
    if tokens[0].text not in _IN_PIPELINES:
        return None
    for before, token in pairwise(tokens):
        ends_value = before.kind is not TokenKind.OPERATOR or before.text in {")", "]"}
        if token.kind is not TokenKind.NAME or not ends_value or before.text in NAME_PRECEDING_KEYWORDS:
            continue
        if token.text in STAGE_KEYWORDS or (
            token.text.lower() in DIALECT_STAGES and token.text not in NAMELESS_KEYWORDS
        ):
            return make_diagnostic("PQ0111", token.span, fix=_with_pipes(tokens[tokens.index(token) :]))
        if token.text in STATEMENT_KEYWORDS:
            return make_diagnostic("PQ0121", token.span, fix=Fix(Span(before.end, before.end), ";", "write ;"))
    return None


def _with_pipes(tokens: Sequence[Token]) -> Fix:
    """A `|` before the first, and, where lines had none at all, as PRQL writes them, before the stages after it."""
    begins = [
        i
        for i, (before, token) in enumerate(pairwise(tokens), 1)
        if token.text.lower() in STAGE_KEYWORDS | DIALECT_STAGES.keys() - NAMELESS_KEYWORDS
        and token.kind is TokenKind.NAME
        and (before.kind is not TokenKind.OPERATOR or before.text in {")", "]", "}"})
        and before.text not in NAME_PRECEDING_KEYWORDS
    ]
    begins = [0, *begins]
    words = [_one_word(tokens[at]) for at in begins]
    behind = [source_of(tokens[at + 1 : end]) for at, end in pairwise(begins)]
    stages = [f"| {word} {rest}\n" for word, rest in zip(words, behind, strict=False)]
    last = tokens[begins[-1]]
    return Fix(Span(tokens[0].start, last.end), f"{''.join(stages)}| {words[-1]}", "write |")


def _one_word(token: Token) -> str:
    """The word of a stage, or what it is here where that is one word too."""
    better = DIALECT_STAGES.get(token.text.lower(), token.text)
    return token.text if " " in better else better


def _emission_elsewhere(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`emit enter` in what is no watch: there it would be a fragment of its own."""
    if start == "emission" or tokens[0].text not in _IN_PIPELINES:
        return None
    for token, following in pairwise(tokens):
        if token.text == "emit" and following.text in WATCH_EVENTS and token.kind is TokenKind.NAME:
            return make_diagnostic("PQ0624", token.span)
    return None


_IN_PIPELINES = STAGE_KEYWORDS | {"from", "let", "explain", "watch"}

_RULES: tuple[ErrorPattern, ...] = (
    *STAGE_RULES, *STATEMENT_RULES, _first_word, *EXPRESSION_RULES, _odd_token, _assignment_in_condition, _operator_words,
    _word_after_bar,
    _comma_between_fields, _missing_separator, _emission_elsewhere,
)  # fmt: skip
