"""Statements whose `;` is missing: where a text does not parse, a line that begins as a statement does is taken for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import NamedTuple

from paasq_dsl.syntax.keywords import NAMELESS_KEYWORDS, STATEMENT_KEYWORDS
from paasq_dsl.syntax.lexer import Token, TokenKind
from paasq_dsl.syntax.scanned_text import ScannedText

_OPEN_ENDS = frozenset("=,({[:.")  # what a line can't end with, if the next is a statement of its own
_HOLDING_LINES = frozenset({"collection", "alter", "tx"})  # what is in their braces may begin as a statement does


class MissingTerminator(NamedTuple):
    """A statement begins with this word, and the `;` of the one before is missing at `end`: None where an open string has
    swallowed it."""

    next_keyword: Token
    end: int | None


def find_missing_terminators(source: ScannedText) -> list[MissingTerminator]:
    """Where statements may begin, in a text that was taken for one and can't be parsed as such. Places count from where its
    `offset` does."""
    text, offset, tokens = source.text, source.offset, source.significant_tokens
    if not tokens or tokens[0].text in _HOLDING_LINES:
        return []
    found: list[MissingTerminator] = []
    for (before, word), following in zip(pairwise(tokens), [*tokens[2:], None], strict=False):
        at_margin = word.start and text[word.start - 1] == "\n"
        ended = before.text not in _OPEN_ENDS and before.text not in _BEFORE_MORE
        if at_margin and ended and following is not None and _begins_statement(word, following):
            swallowed = before.kind is TokenKind.ERROR and before.text.endswith(";")
            begins = Token(word.kind, word.text, word.start + offset)
            found.append(MissingTerminator(begins, None if swallowed else before.end + offset))
    return found


def _begins_statement(word: Token, following: Token) -> bool:
    expected = _BEHIND.get(word.text)
    return expected is not None and expected(following)


def _is_name(token: Token) -> bool:
    return token.kind in {TokenKind.NAME, TokenKind.REF} and token.text not in NAMELESS_KEYWORDS


def _is_statement(token: Token) -> bool:
    return token.text in STATEMENT_KEYWORDS


_BEFORE_MORE = STATEMENT_KEYWORDS | {"analyze", "of"}
_BEHIND: Mapping[str, Callable[[Token], bool]] = {
    **dict.fromkeys(("from", "let", "view", "fn", "collection", "put", "patch", "describe", "show"), _is_name),
    **dict.fromkeys(("watch", "explain", "dryrun", "delete", "forget"), _is_statement),
    "param": lambda token: token.kind is TokenKind.PARAM,
    "use": lambda token: token.kind is TokenKind.STRING,
    "tx": lambda token: token.text == "{",
    "alter": lambda token: token.text == "collection",
}
