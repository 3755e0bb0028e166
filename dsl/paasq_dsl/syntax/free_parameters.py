"""The parameters whose values come with each run of a text."""

from __future__ import annotations

from itertools import pairwise

from paasq_dsl.syntax.lexer import TokenKind
from paasq_dsl.syntax.scanned_text import ScannedText
from paasq_dsl.syntax.statement_splitter import split_statements

_PIPELINES = frozenset({"let", "view"})


def free_parameters(source: ScannedText) -> frozenset[str]:
    """Their names, without `$`; those that a pipeline of the text declares in its brackets are its own. On any text."""
    asked: set[str] = set()
    for span in split_statements(source.text):
        tokens = source.statement(span).significant_tokens
        names = {token.text[1:] for token in tokens if token.kind is TokenKind.PARAM}
        if names and tokens[0].text in _PIPELINES:
            names -= {token.text[1:] for token, behind in pairwise(tokens) if behind.text == ":"}
        asked |= names
    return frozenset(asked)
