"""A text and its tokens, so that whoever needs tokens of one text shares a single scan."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property

from paasq_dsl.source_text import Span
from paasq_dsl.syntax.lexer import TRIVIA, Token, tokenize


@dataclass(frozen=True, eq=False)
class ScannedText:
    """A text that is scanned when its tokens are first asked for, and only then. A statement of another text, of which
    `offset` is the start there, takes its tokens from `whole` where that is scanned already: an editor asks for those of the
    one statement that changed, and must not scan all others for them."""

    text: str
    whole: ScannedText | None = None
    offset: int = 0

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """All tokens in order, counted from the start of `text`."""
        if self.whole is None or not self.whole.is_scanned:
            return tuple(tokenize(self.text))
        tokens, end = self.whole.tokens, self.offset + len(self.text)
        first, last = (bisect_left(tokens, place, key=lambda token: token.start) for place in (self.offset, end))
        return tuple(Token(kind, word, start - self.offset) for kind, word, start in tokens[first:last])

    @property
    def is_scanned(self) -> bool:
        """Are its tokens there already?"""
        return "tokens" in vars(self)

    @property
    def significant_tokens(self) -> list[Token]:
        """The tokens but for space, comments and docs."""
        return [token for token in self.tokens if token.kind not in TRIVIA]

    def statement(self, span: Span) -> ScannedText:
        """One statement, between bounds that `split_statements` gave: the scan begins anew at each `;`, so that its tokens
        are those of its text alone."""
        return ScannedText(self.text[span.start : span.end], self, span.start)
