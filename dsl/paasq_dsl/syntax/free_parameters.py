"""The parameters whose values come with each run of a text."""

from __future__ import annotations

from itertools import pairwise

from paasq_dsl.syntax.lexer import TokenKind, tokenize
from paasq_dsl.syntax.stage_splitter import split_script, without_trivia

_PIPELINES = frozenset({"let", "view"})


def free_parameters(text: str) -> frozenset[str]:
    """Their names, without `$`; those that a pipeline of the text declares in its brackets are its own. On any text."""
    asked: set[str] = set()
    for statement in split_script(text)[0]:
        tokens = without_trivia(tokenize(text[statement.span.start : statement.span.end]))
        names = {token.text[1:] for token in tokens if token.kind is TokenKind.PARAM}
        if names and tokens[0].text in _PIPELINES:
            names -= {token.text[1:] for token, behind in pairwise(tokens) if behind.text == ":"}
        asked |= names
    return frozenset(asked)
