"""Mistakes that people bring from other languages, or make while typing, each with its own sentence and edit.

Looked for where a piece did not parse, because the parser can only say what it would have taken instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from paasq_dsl.diagnostics import Diagnostic, Edit, diagnostic, nearest, replacement
from paasq_dsl.source_text import Span
from paasq_dsl.syntax.dialects.expressions import EXPRESSION_RULES
from paasq_dsl.syntax.dialects.stages import STAGE_RULES
from paasq_dsl.syntax.dialects.statements import STATEMENT_RULES, in_lower_case, written
from paasq_dsl.syntax.keywords import (
    BEFORE_A_NAME,
    EVENT_WORDS,
    FOREIGN_STAGES,
    FOREIGN_STATEMENTS,
    INNER_WORDS,
    STAGE_WORDS,
    STATEMENT_WORDS,
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

Rule = Callable[[Sequence[Token], str], Diagnostic | None]


def explain_mistake(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """The first known mistake in a piece; `start` is "head", "stage" or "emission"."""
    for rule in _RULES:
        found = rule(tokens, start)
        if found is not None:
            return found
    return None


def meant_stage(word: str) -> str:
    """The stage that a word was perhaps meant to be; the word itself where there is none like it."""
    lowered = word.lower()
    if lowered in STAGE_WORDS:
        return lowered
    return FOREIGN_STAGES.get(lowered) or next(iter(nearest(word, STAGE_WORDS)), word)


def _first_word(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    first = tokens[0]
    if start == "emission":
        return None  # it is one by its word
    known = STAGE_WORDS if start == "stage" else STATEMENT_WORDS
    if first.text in known or first.kind is not TokenKind.NAME:
        return None
    if first.text == "emit" and start == "stage":
        return diagnostic("PQ0624", first.span)
    if (lowered := first.text.lower()) in known:
        return diagnostic("PQ0125", first.span, better=lowered, edit=in_lower_case(tokens))
    foreign = FOREIGN_STAGES if start == "stage" else FOREIGN_STATEMENTS
    if (better := foreign.get(first.text.lower())) is not None:
        edit = replace(in_lower_case(tokens, better), title=f"write {better}") if better.split()[0] in known else None
        return diagnostic(
            "PQ0106", first.span, found=first.text, better=better, edit=edit if "..." not in better else None
        )
    if first.text in STAGE_WORDS and first.kind is TokenKind.NAME:
        return diagnostic("PQ0119", first.span)
    candidates = nearest(first.text, known) if first.kind is TokenKind.NAME else ()
    code = "PQ0108" if start == "stage" else "PQ0110"
    edit = replacement(first.span, candidates)
    known_words = "" if candidates else _SHOWN[start]
    return diagnostic(code, first.span, found=first.text[:40], known=known_words, candidates=candidates, edit=edit)


def _word_behind_bar(tokens: Sequence[Token], _: str) -> Diagnostic | None:
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
            return diagnostic("PQ0103", token.span, edit=Edit(Span(token.end, token.end), " */", "close the comment"))
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
        edit = Edit(token.span, " ", "write a plain space") if token.text.isspace() else None
        return diagnostic("PQ0114", token.span, found=shown, edit=edit)
    return None


def _open_string(token: Token) -> Diagnostic:
    """The quote is missing before the stage that the string has swallowed, where there is one."""
    quote = '"""' if token.text.startswith('"""') else '"'
    swallowed = _STAGE_IN_STRING.search(token.text)
    end = token.start + swallowed.start() if swallowed else token.end
    return diagnostic("PQ0102", token.span, edit=Edit(Span(end, end), quote, "close the string"))


_STAGE_IN_STRING = re.compile(rf"\s*\|\s*(?:{'|'.join(sorted(STAGE_WORDS))})\b|\s*;\s*$")


def _foreign(span: Span, found: str, better: str) -> Diagnostic:
    return diagnostic("PQ0106", span, found=found, better=better, edit=Edit(span, better, f"write {better}"))


def _odd_quotes(tokens: Sequence[Token], i: int) -> Diagnostic:
    opening = tokens[i]
    closing = next((t for t in tokens[i + 1 :] if t.text == _QUOTES[opening.text]), None)
    span = Span(opening.start, closing.end if closing else tokens[-1].end)
    return diagnostic("PQ0104", span, edit=_double_quotes(tokens, opening, closing))


def _double_quotes(tokens: Sequence[Token], opening: Token, closing: Token | None) -> Edit | None:
    if closing is None:
        return None
    inside = [t for t in tokens if opening.end <= t.start < closing.start]
    if any('"' in t.text for t in inside) or not inside:
        return None
    text = ""
    for token in inside:
        text = text.ljust(token.start - opening.end) + token.text
    return Edit(Span(opening.start, closing.end), f'"{text}"', "write double quotes")


def _foreign_operator(tokens: Sequence[Token], i: int) -> Diagnostic:
    token = tokens[i]
    if token.text == "!":
        return diagnostic("PQ0106", token.span, found="!", better="not", edit=Edit(token.span, "not ", "write not"))
    double = i + 1 < len(tokens) and tokens[i + 1].text == "&" and tokens[i + 1].start == token.end
    span = token.span.cover(tokens[i + 1].span) if double else token.span
    return _foreign(span, "&" * (1 + double), "and")


def _odd_number(token: Token) -> Diagnostic:
    if found := _MINUTES_OR_MONTHS.fullmatch(token.text):
        minutes, months = f"{found[1]}min", f"{found[1]}mo"
        edit = Edit(token.span, minutes, f"write {minutes}")
        return diagnostic("PQ0107", token.span, number=found[1], candidates=(minutes, months), edit=edit)
    expected = "a number or a duration (units: ms s min h d w mo y)"
    return diagnostic("PQ0101", token.span, expected=expected, found=f"`{token.text[:40]}`")


def _assignment_in_condition(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    if start != "stage" or tokens[0].text not in _COMPARING:
        return None
    for token in tokens:
        if token.text == "=" and token.kind is TokenKind.OPERATOR:
            return diagnostic("PQ0105", token.span, candidates=("==",), edit=Edit(token.span, "==", "write =="))
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
            return diagnostic("PQ0120", token.span, edit=Edit(token.span, "", "take the comma out"))
    return None


def _missing_separator(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """The word of a stage or statement behind something that can end a stage, where a name can't stand."""
    if tokens[0].text not in _IN_PIPELINES:
        return None
    for before, token in pairwise(tokens):
        ends_value = before.kind is not TokenKind.OPERATOR or before.text in {")", "]"}
        if token.kind is not TokenKind.NAME or not ends_value or before.text in BEFORE_A_NAME:
            continue
        if token.text in STAGE_WORDS or (token.text.lower() in FOREIGN_STAGES and token.text not in INNER_WORDS):
            return diagnostic("PQ0111", token.span, edit=_with_pipes(tokens[tokens.index(token) :]))
        if token.text in STATEMENT_WORDS:
            return diagnostic("PQ0121", token.span, edit=Edit(Span(before.end, before.end), ";", "write ;"))
    return None


def _with_pipes(tokens: Sequence[Token]) -> Edit:
    """A `|` before the first, and, where lines had none at all, as PRQL writes them, before the stages behind it."""
    begins = [
        i
        for i, (before, token) in enumerate(pairwise(tokens), 1)
        if token.text.lower() in STAGE_WORDS | FOREIGN_STAGES.keys() - INNER_WORDS
        and token.kind is TokenKind.NAME
        and (before.kind is not TokenKind.OPERATOR or before.text in {")", "]", "}"})
        and before.text not in BEFORE_A_NAME
    ]
    begins = [0, *begins]
    words = [_one_word(tokens[at]) for at in begins]
    behind = [written(tokens[at + 1 : end]) for at, end in pairwise(begins)]
    stages = [f"| {word} {rest}\n" for word, rest in zip(words, behind, strict=False)]
    last = tokens[begins[-1]]
    return Edit(Span(tokens[0].start, last.end), f"{''.join(stages)}| {words[-1]}", "write |")


def _one_word(token: Token) -> str:
    """The word of a stage, or what it is here where that is one word too."""
    better = FOREIGN_STAGES.get(token.text.lower(), token.text)
    return token.text if " " in better else better


def _emission_elsewhere(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`emit enter` in what is no watch: there it would be a piece of its own."""
    if start == "emission" or tokens[0].text not in _IN_PIPELINES:
        return None
    for token, following in pairwise(tokens):
        if token.text == "emit" and following.text in EVENT_WORDS and token.kind is TokenKind.NAME:
            return diagnostic("PQ0624", token.span)
    return None


_IN_PIPELINES = STAGE_WORDS | {"from", "let", "explain", "watch"}

_RULES: tuple[Rule, ...] = (
    *STAGE_RULES, *STATEMENT_RULES, _first_word, *EXPRESSION_RULES, _odd_token, _assignment_in_condition, _operator_words,
    _word_behind_bar,
    _comma_between_fields, _missing_separator, _emission_elsewhere,
)  # fmt: skip
