"""What a word in a stage would be, by the words before it in the same stage."""

from __future__ import annotations

from collections.abc import Sequence

from paasq_dsl.stages import STAGE_BY_KEYWORD
from paasq_dsl.syntax.completion_role import CompletionRole, current_branch, dispatch_role


def stage_role(words: Sequence[str]) -> CompletionRole:
    """The role of the next word after `words`, the tokens of a stage so far; STAGE where there are none."""
    if not words:
        return CompletionRole.STAGE
    if words[0] == "fuse" and (branch := current_branch(words)) is not None:
        return stage_role(branch)
    spec = STAGE_BY_KEYWORD.get(words[0])
    return dispatch_role(spec.role, words) if spec else CompletionRole.NOTHING
