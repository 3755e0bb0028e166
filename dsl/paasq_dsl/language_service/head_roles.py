"""What a word in the head of a statement would be, by the words before it in the same head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paasq_dsl.language_service.role import Role, Rule, always, current_write, innermost, last_of, role_by
from paasq_dsl.language_service.stage_roles import stage_role


def head_role(words: Sequence[str]) -> Role:
    return role_by(_HEADS, words) if words else Role.STATEMENT


def _source(words: Sequence[str]) -> Role:
    if words[-1] in {"seq", "snapshot"} and words[-2:-1] == ["of"]:
        return Role.ARGUMENT
    if innermost(words) > 0:
        return Role.SCALAR  # the values of a pipeline
    return Role.SOURCE if words[-1] == "from" else Role.NOTHING


def _pipeline(words: Sequence[str]) -> Role:
    """Of a let or a view."""
    return _source(words) if last_of(words, "=") else _taken(words)


def _taken(words: Sequence[str]) -> Role:
    """Among the parameters that a statement declares."""
    begin = max((i for i, word in enumerate(words) if word in {"(", ","}), default=0)
    return Role.SCALAR if "=" in words[begin:] else _type(words)


def _type(words: Sequence[str]) -> Role:
    match (words[-2] if len(words) > 1 else "", words[-1]):
        case "text", "(":
            return Role.LANGUAGE
        case "vector", "(":
            return Role.SIZE
        case "link", "<":
            return Role.COLLECTION
        case _, ":" | "[":
            return Role.TYPE
        case _:
            return Role.NOTHING


def _param(words: Sequence[str]) -> Role:
    return Role.SCALAR if "=" in words else _type(words)


def _fn(words: Sequence[str]) -> Role:
    return Role.SCALAR if last_of(words, "=") else _taken(words)


def _use(words: Sequence[str]) -> Role:
    return Role.MODULE if len(words) == 1 else Role.NOTHING


def _show(words: Sequence[str]) -> Role:
    return Role.COLLECTION if words[-1] == "of" else Role.NOTHING


def _alter(words: Sequence[str]) -> Role:
    if words[-1] == "collection" and len(words) == 2:
        return Role.COLLECTION
    if words[-1] == "field":
        return Role.NOTHING if "add" in words else Role.DECLARED
    if "retype" in words and "to" in words:
        return Role.TYPE if words[-1] in {"to", "["} else _type(words)
    return _collection(words) if "add" in words else Role.NOTHING


def _drop(words: Sequence[str]) -> Role:
    return (
        {"collection": Role.COLLECTION, "view": Role.VIEW}.get(words[-1], Role.NOTHING)
        if len(words) == 2
        else Role.NOTHING
    )


def _dryrun(words: Sequence[str]) -> Role:
    return Role.WRITE if len(words) == 1 else head_role(words[1:])


def _collection(words: Sequence[str]) -> Role:
    if words[-1] == "default":
        return Role.SCALAR
    names = words[len(words) - list(reversed(words)).index("from") :] if "from" in words else None
    if names is not None and (not names or (names[-1] == "," and ":" not in names)):
        return Role.DECLARED
    if "=" in words and ":" not in words[len(words) - list(reversed(words)).index("=") :]:
        return Role.FORMULA if words[-1] in _BEFORE_A_VALUE else Role.NOTHING
    return _type(words)


def _put(words: Sequence[str]) -> Role:
    if len(words) == 1:
        return Role.COLLECTION
    if last_of(words, "set"):
        return _patch(words)
    if last_of(words, "expect"):
        return Role.EXPRESSION
    at = innermost(words)
    if words[2:3] == ["from"]:
        return _put_from(words[at + 1 :]) if at >= 0 else Role.NOTHING
    if at < 0 or (words[at] == "[" and "{" not in words[:at]):
        return Role.NOTHING
    return Role.FIELD if words[at] == "{" and words[-1] in {"{", ","} else Role.SCALAR


def _put_from(words: Sequence[str]) -> Role:
    """In the brackets of a put: a head, or the stage behind the last bar."""
    bars = [i for i, word in enumerate(words) if word == "|"]
    if bars:
        return stage_role(words[bars[-1] + 1 :])
    return _source(words) if words else Role.NOTHING


def _patch(words: Sequence[str]) -> Role:
    if len(words) == 1:
        return Role.COLLECTION
    at = last_of(words, "where", "set", "expect")
    opened = innermost(words)
    if at == "set" and opened >= 0 and words[opened] == "{":
        return Role.FIELD if words[-1] in {"{", ","} else Role.EXPRESSION
    if at == "set" and (words[-1] == "set" or (words[-1] == "," and opened < 0)):
        return Role.FIELD
    return Role.EXPRESSION if at else Role.NOTHING


def _delete(words: Sequence[str]) -> Role:
    if len(words) == 1 or words[-1] == "from":
        return Role.COLLECTION
    return Role.EXPRESSION if last_of(words, "where", "expect") else Role.NOTHING


def _tx(words: Sequence[str]) -> Role:
    write = current_write(words)
    if not write:
        return Role.WRITE if words[-1] in {"{", ";"} else Role.NOTHING
    rule = _WRITES.get(write[0])
    return rule(write) if rule else Role.NOTHING


_BEFORE_A_VALUE = frozenset("= ( [ , + - * / % == != < <= > >= .. and or not in has any all".split())
_WRITES: Mapping[str, Rule] = {"put": _put, "patch": _patch, "delete": _delete}
_HEADS: Mapping[str, Rule] = {
    **_WRITES, "from": _source, "explain": _source, "let": _pipeline, "param": _param, "collection": _collection,
    "tx": _tx, "fn": _fn, "view": _pipeline, "use": _use, "show": _show, "describe": always(Role.NAMED),
    "alter": _alter, "drop": _drop, "dryrun": _dryrun, "watch": _source, "resolve": always(Role.ARGUMENT),
    "snapshot": always(Role.ARGUMENT), "verify": always(Role.NOTHING), "zone": always(Role.ZONE),
}  # fmt: skip
