"""What a word in the head of a statement would be, by the words before it in the same head."""

from __future__ import annotations

from collections.abc import Sequence

from paasq_dsl.statements import STATEMENT_BY_KEYWORD
from paasq_dsl.syntax.completion_role import CompletionRole, dispatch_role


def statement_role(words: Sequence[str]) -> CompletionRole:
    """The role of the next word after `words`, the tokens of a head so far; STATEMENT where there are none."""
    if not words:
        return CompletionRole.STATEMENT
    spec = STATEMENT_BY_KEYWORD.get(words[0])
    return dispatch_role(spec.role, words) if spec else CompletionRole.NOTHING
