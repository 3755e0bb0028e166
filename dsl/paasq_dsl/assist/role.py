"""What a word at a place may be, and what the words before it say whatever they begin with.

The parser says which terminals may come; that a name here is a collection and there a field is what a role adds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias

from paasq_dsl.syntax.words import PIPELINE_HOLDERS


class Role(StrEnum):
    STATEMENT = "statement"
    STAGE = "stage"
    WRITE = "write"  # put, patch or delete, inside a tx
    SOURCE = "source"  # a collection or a let
    COLLECTION = "collection"
    COLUMN = "column"  # of the rows, as it is
    LIST_COLUMN = "list column"
    EXPRESSION = "expression"  # over the columns of the rows
    COMPUTED = "computed"  # an expression that may also look at other rows
    SCALAR = "scalar"  # an expression without columns
    ARGUMENT = "argument"  # of a stage that takes a parameter, a literal or a record
    AGGREGATE = "aggregate"
    FIELD = "field"  # of the record that is written
    DECLARED = "declared"  # a text field of the collection that is being declared
    FORMULA = "formula"  # an expression over the fields of the collection that is being declared
    TEXT_FIELD = "text field"
    VECTOR_FIELD = "vector field"
    LINK_FIELD = "link field"
    MEMBER = "member"  # a let of a module, behind its alias
    MODULE = "module"  # the path of one
    VIEW = "view"
    NAMED = "named"  # what can be described
    LINKED = "linked"  # behind ->
    PART = "part"  # behind .
    KEY = "key"  # of a record, behind task:
    TYPE = "type"
    LANGUAGE = "language"
    SIZE = "size"  # of a vector
    METHOD = "method"  # of fuse
    OPTION = "option"
    LIMIT = "limit"  # of a budget
    ZONE = "zone"  # the name of a time zone
    NOTHING = "nothing"  # a new name, or no name


Rule: TypeAlias = Callable[[Sequence[str]], Role]  # by the words before a place, the first of which chose it

_BEHIND: Mapping[str, Role] = {"->": Role.LINKED, ".": Role.PART}
_OPENERS: Mapping[str, str] = {"(": ")", "[": "]", "{": "}"}


def innermost(words: Sequence[str]) -> int:
    """The index of the last bracket that is still open; -1 where none is."""
    opened = open_brackets(words)
    return opened[-1] if opened else -1


def open_brackets(words: Sequence[str]) -> list[int]:
    """The indices of the brackets that are still open, outermost first."""
    opened: list[int] = []
    for i, word in enumerate(words):
        if word in _OPENERS:
            opened.append(i)
        elif opened and word == _OPENERS[words[opened[-1]]]:
            opened.pop()
    return opened


def current_write(words: Sequence[str]) -> Sequence[str]:
    """The words of the write at the end of a tx, or the same words where they are no tx."""
    if words[:1] in (("dryrun",), ["dryrun"]):
        words = words[1:]
    if not words or words[0] != "tx":
        return words
    begin, opened = 1, 0
    for i, word in enumerate(words):
        opened += (word == "{") - (word == "}")
        if (word == "{" and opened == 1) or (word == ";" and opened <= 1):
            begin = i + 1
    return words[begin:]


def current_branch(words: Sequence[str]) -> Sequence[str] | None:
    """The words of the stage at the end of a fuse; None where they stand in none, or where a branch is to be named."""
    begin: int | None = None
    opened = 0
    for i, word in enumerate(words):
        opened += (word in {"(", "[", "{"}) - (word in {")", "]", "}"})
        if opened == 1 and word in {":", "|"}:
            begin = i + 1
        elif opened == 0 or (opened == 1 and (word == "," or (word == "(" and begin is None))):
            begin = None
    return None if begin is None else words[begin:]


def last_of(words: Sequence[str], *keywords: str) -> str:
    """The last of these keywords outside brackets; empty where there is none."""
    opened = 0
    found = ""
    for word in words:
        opened += (word in _OPENERS) - (word in {")", "]", "}"})
        if opened <= 0 and word in keywords:
            found = word
    return found


def role_by(rules: Mapping[str, Rule], words: Sequence[str]) -> Role:
    """What a word behind these would be, by the rule of the first of them."""
    rule = rules.get(words[0])
    if rule is None:
        return Role.NOTHING
    if words[-1] == "|" and words[0] not in PIPELINE_HOLDERS | {"put", "tx", "dryrun"}:
        return Role.STAGE
    if _behind_record(words):
        return Role.KEY
    if words[-1] == "." and len(words) > 2 and rule(words[:-2]) is Role.SOURCE:
        return Role.MEMBER
    return _BEHIND.get(words[-1]) or rule(words)


def always(role: Role) -> Rule:
    return lambda _: role


def _behind_record(words: Sequence[str]) -> bool:
    """Is the colon at the end that of task:7, and not one behind a label or a declared name?"""
    if words[-1] != ":" or words[0] in {"collection", "param", "fn", "alter"} or words[-2].startswith("$"):
        return False
    if len(words) < 3:
        return False
    at = innermost(words)
    labels = at >= 0 and (words[at] == "{" or (words[at] == "(" and words[0] == "fuse"))
    return not (labels and words[-3] in {words[at], ","})
<<<<<<< HEAD
=======


def _always(role: Role) -> Callable[[Sequence[str]], Role]:
    return lambda _: role


def _source(words: Sequence[str]) -> Role:
    if words[-1] in {"seq", "snapshot"} and words[-2:-1] == ["of"]:
        return Role.ARGUMENT
    if innermost(words) > 0:
        return Role.SCALAR  # the values of a pipeline
    return Role.SOURCE if words[-1] == "from" else Role.NOTHING


def _pipeline(words: Sequence[str]) -> Role:
    """Of a let or a view."""
    return _source(words) if _after(words, "=") else _taken(words)


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
    return Role.SCALAR if _after(words, "=") else _taken(words)


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
    return Role.WRITE if len(words) == 1 else role_of(words[1:], "head")


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
    if _after(words, "set"):
        return _patch(words)
    if _after(words, "expect"):
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
        return role_of(words[bars[-1] + 1 :], "stage")
    return _source(words) if words else Role.NOTHING


def _patch(words: Sequence[str]) -> Role:
    if len(words) == 1:
        return Role.COLLECTION
    at = _after(words, "where", "set", "expect")
    opened = innermost(words)
    if at == "set" and opened >= 0 and words[opened] == "{":
        return Role.FIELD if words[-1] in {"{", ","} else Role.EXPRESSION
    if at == "set" and (words[-1] == "set" or (words[-1] == "," and opened < 0)):
        return Role.FIELD
    return Role.EXPRESSION if at else Role.NOTHING


def _delete(words: Sequence[str]) -> Role:
    if len(words) == 1 or words[-1] == "from":
        return Role.COLLECTION
    return Role.EXPRESSION if _after(words, "where", "expect") else Role.NOTHING


def _tx(words: Sequence[str]) -> Role:
    write = current_write(words)
    if not write:
        return Role.WRITE if words[-1] in {"{", ";"} else Role.NOTHING
    rule = _WRITES.get(write[0])
    return rule(write) if rule else Role.NOTHING


def _near(words: Sequence[str]) -> Role:
    if "to" not in words[1:]:
        return Role.VECTOR_FIELD if len(words) == 1 else Role.NOTHING
    if words[-1] == "=":
        return Role.SCALAR
    return Role.ARGUMENT if words[-1] in {"to", "(", "[", ","} else Role.OPTION


def _fuse(words: Sequence[str]) -> Role:
    branch = current_branch(words)
    if branch is not None:
        return role_of(branch, "stage")
    if "(" in words:
        return Role.NOTHING
    if len(words) == 1:
        return Role.METHOD
    return Role.SCALAR if words[-1] in {"=", "[", ","} else Role.OPTION


def _summarize(words: Sequence[str]) -> Role:
    part = _after(words, "by", "fill")
    if part == "fill":
        return Role.SCALAR
    return Role.EXPRESSION if part or innermost(words) >= 0 else Role.AGGREGATE


def _computed(words: Sequence[str]) -> Role:
    """In an item of extend or select that may look at other rows; not behind `by`, and not in a function that does."""
    if _after(words, "by"):
        return Role.EXPRESSION
    inside = [FUNCTIONS.get(words[i - 1]) for i in _open_brackets(words) if i]
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


_Rule = Callable[[Sequence[str]], Role]
_WRITES: Mapping[str, _Rule] = {"put": _put, "patch": _patch, "delete": _delete}
_HEADS: Mapping[str, _Rule] = {
    **_WRITES, "from": _source, "explain": _source, "let": _pipeline, "param": _param, "collection": _collection,
    "tx": _tx, "fn": _fn, "view": _pipeline, "use": _use, "show": _show, "describe": _always(Role.NAMED),
    "alter": _alter, "drop": _drop, "dryrun": _dryrun, "watch": _source, "resolve": _always(Role.ARGUMENT),
    "snapshot": _always(Role.ARGUMENT), "verify": _always(Role.NOTHING), "zone": _always(Role.ZONE),
}  # fmt: skip
_STAGES: Mapping[str, _Rule] = {
    "where": _always(Role.EXPRESSION), "sort": _always(Role.EXPRESSION), "select": _computed,
    "extend": _computed, "find": _find, "take": _always(Role.ARGUMENT),
    "page": _always(Role.ARGUMENT), "match": _match, "near": _near, "fuse": _fuse, "summarize": _summarize,
    "facet": _facet, "follow": _follow,
    "drop": _always(Role.COLUMN), "rename": _rename, "skip": _always(Role.ARGUMENT), "distinct": _distinct,
    "expand": _expand, "sample": _always(Role.ARGUMENT), "union": _always(Role.NOTHING), "lookup": _lookup,
    "rerank": _rerank, "collapse": _collapse, "diversify": _diversify,
    "passages": _passages, "cite": _always(Role.NOTHING), "budget": _budget,
}  # fmt: skip
>>>>>>> main
