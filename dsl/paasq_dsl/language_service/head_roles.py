"""What a word in the head of a statement would be, by the words before it in the same head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paasq_dsl.language_service.stage_roles import stage_role
from paasq_dsl.syntax.completion_role import (
    CompletionRole,
    Rule,
    constant_role,
    current_write,
    dispatch_role,
    innermost_open_bracket,
    last_of,
)


def head_role(words: Sequence[str]) -> CompletionRole:
    """The role of the next word after `words`, the tokens of a head so far; STATEMENT where there are none."""
    if not words:
        return CompletionRole.STATEMENT
    rule = _HEADS.get(words[0])
    return dispatch_role(rule, words) if rule else CompletionRole.NOTHING


def _source(words: Sequence[str]) -> CompletionRole:
    if words[-1] in {"seq", "snapshot"} and words[-2:-1] == ["of"]:
        return CompletionRole.ARGUMENT
    if innermost_open_bracket(words) > 0:
        return CompletionRole.SCALAR  # the values of a pipeline
    return CompletionRole.SOURCE if words[-1] == "from" else CompletionRole.NOTHING


def _pipeline(words: Sequence[str]) -> CompletionRole:
    """Of a let or a view."""
    return _source(words) if last_of(words, "=") else _taken(words)


def _taken(words: Sequence[str]) -> CompletionRole:
    """Among the parameters that a statement declares."""
    begin = max((i for i, word in enumerate(words) if word in {"(", ","}), default=0)
    return CompletionRole.SCALAR if "=" in words[begin:] else _type(words)


def _type(words: Sequence[str]) -> CompletionRole:
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


def _param(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.SCALAR if "=" in words else _type(words)


def _fn(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.SCALAR if last_of(words, "=") else _taken(words)


def _use(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.MODULE if len(words) == 1 else CompletionRole.NOTHING


def _show(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.COLLECTION if words[-1] == "of" else CompletionRole.NOTHING


def _alter(words: Sequence[str]) -> CompletionRole:
    if words[-1] == "collection" and len(words) == 2:
        return CompletionRole.COLLECTION
    if words[-1] == "field":
        return CompletionRole.NOTHING if "add" in words else CompletionRole.VECTOR_SOURCE
    if "retype" in words and "to" in words:
        return CompletionRole.TYPE if words[-1] in {"to", "["} else _type(words)
    return _collection(words) if "add" in words else CompletionRole.NOTHING


def _drop(words: Sequence[str]) -> CompletionRole:
    return (
        {"collection": CompletionRole.COLLECTION, "view": CompletionRole.VIEW}.get(words[-1], CompletionRole.NOTHING)
        if len(words) == 2
        else CompletionRole.NOTHING
    )


def _dryrun(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.WRITE if len(words) == 1 else head_role(words[1:])


def _collection(words: Sequence[str]) -> CompletionRole:
    if words[-1] == "default":
        return CompletionRole.SCALAR
    names = words[len(words) - list(reversed(words)).index("from") :] if "from" in words else None
    if names is not None and (not names or (names[-1] == "," and ":" not in names)):
        return CompletionRole.VECTOR_SOURCE
    if "=" in words and ":" not in words[len(words) - list(reversed(words)).index("=") :]:
        return CompletionRole.COMPUTED_FIELD if words[-1] in _BEFORE_A_VALUE else CompletionRole.NOTHING
    return _type(words)


def _put(words: Sequence[str]) -> CompletionRole:
    if len(words) == 1:
        return CompletionRole.COLLECTION
    if last_of(words, "set"):
        return _patch(words)
    if last_of(words, "expect"):
        return CompletionRole.EXPRESSION
    at = innermost_open_bracket(words)
    if words[2:3] == ["from"]:
        return _put_from(words[at + 1 :]) if at >= 0 else CompletionRole.NOTHING
    if at < 0 or (words[at] == "[" and "{" not in words[:at]):
        return CompletionRole.NOTHING
    return CompletionRole.FIELD if words[at] == "{" and words[-1] in {"{", ","} else CompletionRole.SCALAR


def _put_from(words: Sequence[str]) -> CompletionRole:
    """In the brackets of a put: a head, or the stage after the last bar."""
    bars = [i for i, word in enumerate(words) if word == "|"]
    if bars:
        return stage_role(words[bars[-1] + 1 :])
    return _source(words) if words else CompletionRole.NOTHING


def _patch(words: Sequence[str]) -> CompletionRole:
    if len(words) == 1:
        return CompletionRole.COLLECTION
    at = last_of(words, "where", "set", "expect")
    opened = innermost_open_bracket(words)
    if at == "set" and opened >= 0 and words[opened] == "{":
        return CompletionRole.FIELD if words[-1] in {"{", ","} else CompletionRole.EXPRESSION
    if at == "set" and (words[-1] == "set" or (words[-1] == "," and opened < 0)):
        return CompletionRole.FIELD
    return CompletionRole.EXPRESSION if at else CompletionRole.NOTHING


def _delete(words: Sequence[str]) -> CompletionRole:
    if len(words) == 1 or words[-1] == "from":
        return CompletionRole.COLLECTION
    return CompletionRole.EXPRESSION if last_of(words, "where", "expect") else CompletionRole.NOTHING


def _tx(words: Sequence[str]) -> CompletionRole:
    write = current_write(words)
    if not write:
        return CompletionRole.WRITE if words[-1] in {"{", ";"} else CompletionRole.NOTHING
    rule = _WRITES.get(write[0])
    return rule(write) if rule else CompletionRole.NOTHING


_BEFORE_A_VALUE = frozenset("= ( [ , + - * / % == != < <= > >= .. and or not in has any all".split())
_WRITES: Mapping[str, Rule] = {"put": _put, "patch": _patch, "delete": _delete}
_HEADS: Mapping[str, Rule] = {
    **_WRITES,
    "from": _source,
    "explain": _source,
    "let": _pipeline,
    "param": _param,
    "collection": _collection,
    "tx": _tx,
    "fn": _fn,
    "view": _pipeline,
    "use": _use,
    "show": _show,
    "describe": constant_role(CompletionRole.NEW_NAME),
    "alter": _alter,
    "drop": _drop,
    "dryrun": _dryrun,
    "watch": _source,
    "resolve": constant_role(CompletionRole.ARGUMENT),
    "snapshot": constant_role(CompletionRole.ARGUMENT),
    "verify": constant_role(CompletionRole.NOTHING),
    "zone": constant_role(CompletionRole.ZONE),
}
