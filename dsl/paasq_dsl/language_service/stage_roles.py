"""What a word in a stage would be, by the words before it in the same stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind
from paasq_dsl.language_service.role import (
    Role,
    Rule,
    always,
    current_branch,
    innermost,
    last_of,
    open_brackets,
    role_by,
)


def stage_role(words: Sequence[str]) -> Role:
    return role_by(_STAGES, words) if words else Role.STAGE


def _near(words: Sequence[str]) -> Role:
    if "to" not in words[1:]:
        return Role.VECTOR_FIELD if len(words) == 1 else Role.NOTHING
    if words[-1] == "=":
        return Role.SCALAR
    return Role.ARGUMENT if words[-1] in {"to", "(", "[", ","} else Role.OPTION


def _fuse(words: Sequence[str]) -> Role:
    branch = current_branch(words)
    if branch is not None:
        return stage_role(branch)
    if "(" in words:
        return Role.NOTHING
    if len(words) == 1:
        return Role.METHOD
    return Role.SCALAR if words[-1] in {"=", "[", ","} else Role.OPTION


def _summarize(words: Sequence[str]) -> Role:
    part = last_of(words, "by", "fill")
    if part == "fill":
        return Role.SCALAR
    return Role.EXPRESSION if part or innermost(words) >= 0 else Role.AGGREGATE


def _computed(words: Sequence[str]) -> Role:
    """In an item of extend or select that may look at other rows; not behind `by`, and not in a function that does."""
    if last_of(words, "by"):
        return Role.EXPRESSION
    inside = [FUNCTIONS.get(words[i - 1]) for i in open_brackets(words) if i]
    around = any(found is not None and found.kind is not FunctionKind.SCALAR for found in inside)
    return Role.EXPRESSION if around else Role.COMPUTED


def _facet(words: Sequence[str]) -> Role:
    return Role.ARGUMENT if words[-1] == "top" else Role.EXPRESSION


def _match(words: Sequence[str]) -> Role:
    if words[-1] in {"match", ","}:
        return Role.TEXT_FIELD
    if words[-1] == "=":
        return Role.SCALAR
    return Role.OPTION if any(word[0] in {'"', "$"} for word in words) else Role.ARGUMENT


def _find(words: Sequence[str]) -> Role:
    if len(words) == 1:
        return Role.ARGUMENT
    if words[-1] in {"=", "["} or (words[-1] == "," and innermost(words) >= 0):
        return Role.SCALAR
    return Role.TEXT_FIELD if words[-1] in {"in", ","} else Role.OPTION


def _follow(words: Sequence[str]) -> Role:
    return Role.LINK_FIELD if len(words) == 1 else Role.ARGUMENT


def _rename(words: Sequence[str]) -> Role:
    return Role.COLUMN if words[-1] == "=" else Role.NOTHING


def _distinct(words: Sequence[str]) -> Role:
    return Role.EXPRESSION if len(words) > 1 else Role.NOTHING


def _expand(words: Sequence[str]) -> Role:
    return Role.LIST_COLUMN if len(words) == 1 else Role.NOTHING


def _lookup(words: Sequence[str]) -> Role:
    if len(words) == 2:
        return Role.COLLECTION
    return Role.EXPRESSION if "on" in words[3:] and words[-1] != "as" else Role.NOTHING


def _rerank(words: Sequence[str]) -> Role:
    return Role.EXPRESSION if len(words) > 1 else Role.NOTHING


def _collapse(words: Sequence[str]) -> Role:
    return Role.ARGUMENT if words[-1] == "keep" else Role.EXPRESSION


def _diversify(words: Sequence[str]) -> Role:
    if words[-1] == "=":
        return Role.SCALAR
    return Role.VECTOR_FIELD if len(words) == 1 else Role.OPTION


def _passages(words: Sequence[str]) -> Role:
    return Role.TEXT_FIELD if len(words) == 1 else Role.ARGUMENT


def _budget(words: Sequence[str]) -> Role:
    return Role.LIMIT if words[-1] in {"budget", ","} else Role.ARGUMENT


_STAGES: Mapping[str, Rule] = {
    "where": always(Role.EXPRESSION), "sort": always(Role.EXPRESSION), "select": _computed,
    "extend": _computed, "find": _find, "take": always(Role.ARGUMENT),
    "page": always(Role.ARGUMENT), "match": _match, "near": _near, "fuse": _fuse, "summarize": _summarize,
    "facet": _facet, "follow": _follow,
    "drop": always(Role.COLUMN), "rename": _rename, "skip": always(Role.ARGUMENT), "distinct": _distinct,
    "expand": _expand, "sample": always(Role.ARGUMENT), "union": always(Role.NOTHING), "lookup": _lookup,
    "rerank": _rerank, "collapse": _collapse, "diversify": _diversify,
    "passages": _passages, "cite": always(Role.NOTHING), "budget": _budget,
}  # fmt: skip
