"""What a word in a stage would be, by the words before it in the same stage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind
from paasq_dsl.language_service.role import (
    CompletionRole,
    Rule,
    constant_role,
    current_branch,
    dispatch_role,
    innermost_open_bracket,
    last_of,
    open_brackets,
)


def stage_role(words: Sequence[str]) -> CompletionRole:
    """The role of the next word after `words`, the tokens of a stage so far; STAGE where there are none."""
    return dispatch_role(_STAGES, words) if words else CompletionRole.STAGE


def _near(words: Sequence[str]) -> CompletionRole:
    if "to" not in words[1:]:
        return CompletionRole.VECTOR_FIELD if len(words) == 1 else CompletionRole.NOTHING
    if words[-1] == "=":
        return CompletionRole.SCALAR
    return CompletionRole.ARGUMENT if words[-1] in {"to", "(", "[", ","} else CompletionRole.OPTION


def _fuse(words: Sequence[str]) -> CompletionRole:
    branch = current_branch(words)
    if branch is not None:
        return stage_role(branch)
    if "(" in words:
        return CompletionRole.NOTHING
    if len(words) == 1:
        return CompletionRole.METHOD
    return CompletionRole.SCALAR if words[-1] in {"=", "[", ","} else CompletionRole.OPTION


def _summarize(words: Sequence[str]) -> CompletionRole:
    part = last_of(words, "by", "fill")
    if part == "fill":
        return CompletionRole.SCALAR
    return CompletionRole.EXPRESSION if part or innermost_open_bracket(words) >= 0 else CompletionRole.AGGREGATE


def _computed(words: Sequence[str]) -> CompletionRole:
    """In an item of extend or select that may look at other rows; not behind `by`, and not in a function that does."""
    if last_of(words, "by"):
        return CompletionRole.EXPRESSION
    inside = [FUNCTIONS.get(words[i - 1]) for i in open_brackets(words) if i]
    around = any(found is not None and found.kind is not FunctionKind.SCALAR for found in inside)
    return CompletionRole.EXPRESSION if around else CompletionRole.WINDOW_EXPRESSION


def _facet(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.ARGUMENT if words[-1] == "top" else CompletionRole.EXPRESSION


def _match(words: Sequence[str]) -> CompletionRole:
    if words[-1] in {"match", ","}:
        return CompletionRole.TEXT_FIELD
    if words[-1] == "=":
        return CompletionRole.SCALAR
    return CompletionRole.OPTION if any(word[0] in {'"', "$"} for word in words) else CompletionRole.ARGUMENT


def _find(words: Sequence[str]) -> CompletionRole:
    if len(words) == 1:
        return CompletionRole.ARGUMENT
    if words[-1] in {"=", "["} or (words[-1] == "," and innermost_open_bracket(words) >= 0):
        return CompletionRole.SCALAR
    return CompletionRole.TEXT_FIELD if words[-1] in {"in", ","} else CompletionRole.OPTION


def _follow(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.LINK_FIELD if len(words) == 1 else CompletionRole.ARGUMENT


def _rename(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.COLUMN if words[-1] == "=" else CompletionRole.NOTHING


def _distinct(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.EXPRESSION if len(words) > 1 else CompletionRole.NOTHING


def _expand(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.LIST_COLUMN if len(words) == 1 else CompletionRole.NOTHING


def _lookup(words: Sequence[str]) -> CompletionRole:
    if len(words) == 2:
        return CompletionRole.COLLECTION
    return CompletionRole.EXPRESSION if "on" in words[3:] and words[-1] != "as" else CompletionRole.NOTHING


def _rerank(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.EXPRESSION if len(words) > 1 else CompletionRole.NOTHING


def _collapse(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.ARGUMENT if words[-1] == "keep" else CompletionRole.EXPRESSION


def _diversify(words: Sequence[str]) -> CompletionRole:
    if words[-1] == "=":
        return CompletionRole.SCALAR
    return CompletionRole.VECTOR_FIELD if len(words) == 1 else CompletionRole.OPTION


def _passages(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.TEXT_FIELD if len(words) == 1 else CompletionRole.ARGUMENT


def _budget(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.LIMIT if words[-1] in {"budget", ","} else CompletionRole.ARGUMENT


_STAGES: Mapping[str, Rule] = {
    "where": constant_role(CompletionRole.EXPRESSION),
    "sort": constant_role(CompletionRole.EXPRESSION),
    "select": _computed,
    "extend": _computed,
    "find": _find,
    "take": constant_role(CompletionRole.ARGUMENT),
    "page": constant_role(CompletionRole.ARGUMENT),
    "match": _match,
    "near": _near,
    "fuse": _fuse,
    "summarize": _summarize,
    "facet": _facet,
    "follow": _follow,
    "drop": constant_role(CompletionRole.COLUMN),
    "rename": _rename,
    "skip": constant_role(CompletionRole.ARGUMENT),
    "distinct": _distinct,
    "expand": _expand,
    "sample": constant_role(CompletionRole.ARGUMENT),
    "union": constant_role(CompletionRole.NOTHING),
    "lookup": _lookup,
    "rerank": _rerank,
    "collapse": _collapse,
    "diversify": _diversify,
    "passages": _passages,
    "cite": constant_role(CompletionRole.NOTHING),
    "budget": _budget,
}
