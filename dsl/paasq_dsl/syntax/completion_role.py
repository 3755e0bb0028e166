"""What a word at a place may be, and what the words before it say whatever they begin with.

The parser says which terminals may come; that a name here is a collection and there a field is what a role adds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import TypeAlias

from paasq_dsl.syntax.keywords import PIPELINE_STAGES


class CompletionRole(StrEnum):
    """What a word at the cursor would name. Providers decide by it what they offer."""

    STATEMENT = "statement"
    STAGE = "stage"
    WRITE = "write"  # put, patch or delete, inside a tx
    SOURCE = "source"  # a collection or a let
    COLLECTION = "collection"
    COLUMN = "column"  # of the rows, as it is
    LIST_COLUMN = "list column"
    EXPRESSION = "expression"  # over the columns of the rows
    WINDOW_EXPRESSION = "computed"  # an expression that may also look at other rows
    SCALAR = "scalar"  # an expression without columns
    ARGUMENT = "argument"  # of a stage that takes a parameter, a literal or a record
    AGGREGATE = "aggregate"
    FIELD = "field"  # of the record that is written
    VECTOR_SOURCE = "declared"  # a text field of the collection that is being declared
    COMPUTED_FIELD = "formula"  # an expression over the fields of the collection that is being declared
    TIME_FIELD = "declared time"  # a time field of the collection that is declared or altered
    TEXT_FIELD = "text field"
    VECTOR_FIELD = "vector field"
    LINK_FIELD = "link field"
    MEMBER = "member"  # a let of a module, after its alias
    MODULE = "module"  # the path of one
    VIEW = "view"
    NEW_NAME = "named"  # what can be described
    LINKED = "linked"  # after ->
    PATH_SEGMENT = "part"  # after .
    KEY = "key"  # of a record, after task:
    TYPE = "type"
    LANGUAGE = "language"
    SIZE = "size"  # of a vector
    METHOD = "method"  # of fuse
    OPTION = "option"
    LIMIT = "limit"  # of a budget
    ZONE = "zone"  # the name of a time zone
    NOTHING = "nothing"  # a new name, or no name


Rule: TypeAlias = Callable[[Sequence[str]], CompletionRole]  # by the words before a place, the first of which chose it

_BEHIND: Mapping[str, CompletionRole] = {"->": CompletionRole.LINKED, ".": CompletionRole.PATH_SEGMENT}
_OPENERS: Mapping[str, str] = {"(": ")", "[": "]", "{": "}"}


def innermost_open_bracket(words: Sequence[str]) -> int:
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
    """The words of the stage at the end of a fuse; None where they are in no branch, or where a branch is to be named."""
    begin: int | None = None
    opened = 0
    for i, word in enumerate(words):
        opened += (word in {"(", "[", "{"}) - (word in {")", "]", "}"})
        if opened == 1 and word in {":", "|"}:
            begin = i + 1
        elif opened == 0 or (opened == 1 and (word == "," or (word == "(" and begin is None))):
            begin = None
    return None if begin is None else words[begin:]


def innermost_stage(words: Sequence[str]) -> Sequence[str]:
    """The words of the stage at their end: of a fuse, those of the stage in its branch."""
    while words[0] == "fuse" and (branch := current_branch(words)):
        words = branch
    return words


def last_of(words: Sequence[str], *keywords: str) -> str:
    """The last of these keywords outside brackets; empty where there is none."""
    opened = 0
    found = ""
    for word in words:
        opened += (word in _OPENERS) - (word in {")", "]", "}"})
        if opened <= 0 and word in keywords:
            found = word
    return found


def dispatch_role(rule: Rule, words: Sequence[str]) -> CompletionRole:
    """What a word after these would be, by the rule of the first of them, or what the last of them says."""
    if words[-1] == "|" and words[0] not in PIPELINE_STAGES | {"put", "tx", "dryrun"}:
        return CompletionRole.STAGE
    if _after_record(words):
        return CompletionRole.KEY
    if words[-1] == "." and len(words) > 2 and rule(words[:-2]) is CompletionRole.SOURCE:
        return CompletionRole.MEMBER
    return _BEHIND.get(words[-1]) or rule(words)


def constant_role(role: CompletionRole) -> Rule:
    """A rule that gives `role` whatever the words are."""
    return lambda _: role


def _after_record(words: Sequence[str]) -> bool:
    """Is the colon at the end that of task:7, and not one after a label or a declared name?"""
    if words[-1] != ":" or words[0] in {"collection", "param", "fn", "alter"} or words[-2].startswith("$"):
        return False
    if len(words) < 3:
        return False
    at = innermost_open_bracket(words)
    labels = at >= 0 and (words[at] == "{" or (words[at] == "(" and words[0] == "fuse"))
    return not (labels and words[-3] in {words[at], ","})
