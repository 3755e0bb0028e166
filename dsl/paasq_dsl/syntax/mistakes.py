"""Mistakes that people bring from other languages, or make while typing, each with its own sentence and edit.

Looked for before the parser runs, because the parser can only say what it would have taken instead.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from paasq_dsl.diagnostics import Diagnostic, Edit, diagnostic, nearest, replacement
from paasq_dsl.source import Span
from paasq_dsl.syntax.tokens import Token, TokenKind
from paasq_dsl.syntax.words import FOREIGN_STAGES, FOREIGN_STATEMENTS, STAGE_WORDS, STATEMENT_WORDS

_COMPARING = frozenset({"where"})
_FOREIGN_OPERATORS = {"&&": "and", "||": "or", "<>": "!="}
_MINUTES_OR_MONTHS = re.compile(r"(\d+)m")

Rule = Callable[[Sequence[Token], str], Diagnostic | None]


def explain_mistake(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """The first known mistake in a piece; `start` is "head" or "stage"."""
    for rule in _RULES:
        found = rule(tokens, start)
        if found is not None:
            return found
    return None


def _first_word(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    first = tokens[0]
    known = STAGE_WORDS if start == "stage" else STATEMENT_WORDS
    if first.text in known:
        return None
    foreign = FOREIGN_STAGES if start == "stage" else FOREIGN_STATEMENTS
    if (better := foreign.get(first.text.lower())) is not None:
        edit = Edit(first.span, better, f"write {better}") if better in known else None
        return diagnostic("PQ0106", first.span, found=first.text, better=better, candidates=(better,), edit=edit)
    candidates = nearest(first.text, known) if first.kind is TokenKind.NAME else ()
    code = "PQ0108" if start == "stage" else "PQ0110"
    return diagnostic(
        code, first.span, found=first.text[:40], candidates=candidates, edit=replacement(first.span, candidates)
    )


def _odd_token(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """What the scanner had no kind for: open quotes and comments, other languages' operators, a number run into a word."""
    for i, token in enumerate(tokens):
        if token.kind is not TokenKind.ERROR:
            continue
        if token.text.startswith("/*"):
            return diagnostic("PQ0103", token.span, edit=Edit(Span(token.end, token.end), " */", "close the comment"))
        if token.text.startswith('"'):
            quote = '"""' if token.text.startswith('"""') else '"'
            return diagnostic("PQ0102", token.span, edit=Edit(Span(token.end, token.end), quote, "close the string"))
        if token.text == "'":
            close = next((t for t in tokens[i + 1 :] if t.text == "'"), None)
            span = Span(token.start, close.end if close else tokens[-1].end)
            return diagnostic("PQ0104", span, edit=_double_quotes(tokens, token, close))
        if token.text in {"&", "!"}:
            return _foreign_operator(tokens, i)
        if token.text[0].isdigit():
            return _odd_number(token)
        return diagnostic("PQ0114", token.span, found=token.text)
    return None


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
    double = i + 1 < len(tokens) and tokens[i + 1].text == "&"
    span = Span(token.start, tokens[i + 1].end if double else token.end)
    return diagnostic("PQ0106", span, found="&" * (1 + double), better="and", edit=Edit(span, "and", "write and"))


def _odd_number(token: Token) -> Diagnostic:
    if found := _MINUTES_OR_MONTHS.fullmatch(token.text):
        minutes, months = f"{found[1]}min", f"{found[1]}mo"
        edit = Edit(token.span, minutes, f"write {minutes}")
        return diagnostic("PQ0107", token.span, number=found[1], candidates=(minutes, months), edit=edit)
    expected = "a number or a duration (units: ms s min h d w mo y)"
    return diagnostic("PQ0101", token.span, expected=expected, found=token.text[:40])


def _assignment_in_condition(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    if start != "stage" or tokens[0].text not in _COMPARING:
        return None
    for token in tokens:
        if token.text == "=" and token.kind is TokenKind.OPERATOR:
            return diagnostic("PQ0105", token.span, candidates=("==",), edit=Edit(token.span, "==", "write =="))
    return None


def _operator_words(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    for before, token in zip(tokens, tokens[1:], strict=False):
        if (
            token.kind is TokenKind.OPERATOR
            and before.text + token.text in _FOREIGN_OPERATORS
            and before.end == token.start
        ):
            better = _FOREIGN_OPERATORS[before.text + token.text]
            span = before.span.cover(token.span)
            return diagnostic(
                "PQ0106",
                span,
                found=before.text + token.text,
                better=better,
                edit=Edit(span, better, f"write {better}"),
            )
        if token.text in {"AND", "OR", "NOT", "IN"} and tokens[0].text == "where":
            better = token.text.lower()
            return diagnostic(
                "PQ0106", token.span, found=token.text, better=better, edit=Edit(token.span, better, f"write {better}")
            )
    return None


def _missing_bar(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """A stage word behind something that can end a stage, where a name can't stand."""
    if tokens[0].text not in _IN_PIPELINES:
        return None
    for before, token in zip(tokens, tokens[1:], strict=False):
        if token.kind is not TokenKind.NAME or token.text not in STAGE_WORDS or before.text in _BEFORE_A_NAME:
            continue
        if before.kind is not TokenKind.OPERATOR or before.text in {")", "]"}:
            return diagnostic("PQ0111", token.span, edit=Edit(Span(token.start, token.start), "| ", "write |"))
    return None


_IN_PIPELINES = STAGE_WORDS | {"from", "let", "explain"}
_BEFORE_A_NAME = frozenset(
    "from where select extend sort by summarize facet follow match near let and or not in has any all "
    "fuse take page top fill depth after".split()
)

_RULES: tuple[Rule, ...] = (_first_word, _odd_token, _assignment_in_condition, _operator_words, _missing_bar)
