"""Completion roles that several statements share."""

from __future__ import annotations

from collections.abc import Sequence

from paasq_dsl.syntax.completion_role import CompletionRole, innermost_open_bracket, last_of


def source_role(words: Sequence[str]) -> CompletionRole:
    """Of what begins with `from`."""
    if words[-1] in {"seq", "snapshot"} and words[-2:-1] == ["of"]:
        return CompletionRole.ARGUMENT
    if innermost_open_bracket(words) > 0:
        return CompletionRole.SCALAR  # the values of a pipeline
    return CompletionRole.SOURCE if words[-1] == "from" else CompletionRole.NOTHING


def type_role(words: Sequence[str]) -> CompletionRole:
    """Where a type is declared."""
    match (words[-2] if len(words) > 1 else "", words[-1]):
        case "text", "(":
            return CompletionRole.LANGUAGE
        case "vector", "(":
            return CompletionRole.SIZE
        case "link", "<":
            return CompletionRole.COLLECTION
        case _, ":" | "[":
            return CompletionRole.TYPE
        case _:
            return CompletionRole.NOTHING


def parameters_role(words: Sequence[str]) -> CompletionRole:
    """Among the parameters that a statement declares."""
    begin = max((i for i, word in enumerate(words) if word in {"(", ","}), default=0)
    return CompletionRole.SCALAR if "=" in words[begin:] else type_role(words)


def pipeline_role(words: Sequence[str]) -> CompletionRole:
    """Of a let or a view."""
    return source_role(words) if last_of(words, "=") else parameters_role(words)
