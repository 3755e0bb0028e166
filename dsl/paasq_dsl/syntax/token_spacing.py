"""Which tokens have no space between them. It may err on soft keywords: a space never changes the meaning."""

from __future__ import annotations

from collections.abc import Sequence

from paasq_dsl.syntax.keywords import EXPRESSION_PRECEDING_KEYWORDS, OPTION_STAGES
from paasq_dsl.syntax.lexer import Token, TokenKind

_TIGHT_BEFORE = frozenset({")", "]", "}", ",", ";", ":", ".", "->", "..", "^"})
_TIGHT_AFTER = frozenset({"(", "[", "{", ".", "->", "..", "^"})
_ENDS_VALUE = frozenset({")", "]", "}"})


def joined_to_previous(tokens: Sequence[Token]) -> list[bool]:
    """For each token of a statement, without comments and white space: is there no space before it?"""
    word = ""  # the one that the stage at hand begins with
    joined: list[bool] = []
    for i, token in enumerate(tokens):
        before = tokens[i - 1] if i else None
        if before is None or before.text in {"|", ";"}:
            word = token.text
        joined.append(before is None or _joined(tokens, i, word))
    return joined


def format_on_one_line(tokens: Sequence[Token]) -> str:
    """The tokens, without comments, as the formatter would write them on a line without end."""
    return "".join(
        token.text if close else f" {token.text}"
        for token, close in zip(tokens, joined_to_previous(tokens), strict=True)
    )


def _joined(tokens: Sequence[Token], i: int, word: str) -> bool:
    before, token = tokens[i - 1], tokens[i]
    if before.kind is TokenKind.REF and token.text == ".":
        return False  # a key may contain it: task:7.x is one record
    if token.kind is not TokenKind.OPERATOR and before.kind is not TokenKind.OPERATOR:
        return False
    if "=" in {token.text, before.text} and word in OPTION_STAGES:
        return True
    if token.text == "(":
        return (
            before.text in {"(", "["}
            or (_calls(before) and (word == "fn" or not _is_label(tokens, i + 1)))
            or _is_sign(tokens, i - 1)
        )
    if _is_angle(tokens, i) or _is_angle(tokens, i - 1):
        return before.text != ">" or not _is_angle(tokens, i - 1) or token.text in _TIGHT_BEFORE
    return token.text in _TIGHT_BEFORE or before.text in _TIGHT_AFTER or _is_sign(tokens, i - 1)


def _calls(before: Token) -> bool:
    return before.kind is TokenKind.NAME and before.text not in EXPRESSION_PRECEDING_KEYWORDS


def _is_label(tokens: Sequence[Token], i: int) -> bool:
    return i + 1 < len(tokens) and tokens[i].kind is TokenKind.NAME and tokens[i + 1].text == ":"


def _is_sign(tokens: Sequence[Token], i: int) -> bool:
    """Is this a minus before one value, not between two?"""
    if tokens[i].text != "-" or i == 0:
        return False
    before = tokens[i - 1]
    if before.kind is TokenKind.OPERATOR:
        return before.text not in _ENDS_VALUE
    return before.kind is TokenKind.NAME and before.text in EXPRESSION_PRECEDING_KEYWORDS


def _is_angle(tokens: Sequence[Token], i: int) -> bool:
    """Is this a bracket of `link<person>`? A comparison can't be followed by another."""
    if tokens[i].text == ">":
        i -= 2
    return (
        i > 0
        and i + 2 < len(tokens)
        and (tokens[i].text, tokens[i + 2].text) == ("<", ">")
        and tokens[i - 1].kind is tokens[i + 1].kind is TokenKind.NAME
    )
