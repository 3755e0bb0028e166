"""Dotted names among the words before a place, and the objects that its braces open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from paasq_dsl.object_paths import is_descendant_path
from paasq_dsl.types import Type


def trailing_path(words: Sequence[str]) -> str:
    """The name that the words end with, those before its dots with it: `address.city`."""
    start = len(words) - 1
    while start > 1 and words[start - 1] == ".":
        start -= 2
    return "".join(word.strip("`") for word in words[max(start, 0) :])


def enclosing_object(words: Sequence[str]) -> str:
    """The object that a record's inner braces are open for: `address.geo` after `put person {address: {geo: {`."""
    opened: list[str] = []
    for i, word in enumerate(words):
        if word in {"{", "[", "("}:
            given = word == "{" and i > 1 and words[i - 1] in {":", "="}
            opened.append(trailing_path(words[: i - 1]) if given else "")
        elif word in {"}", "]", ")"} and opened:
            opened.pop()
    return ".".join(path for path in opened if path)


def child_paths(fields: Iterable[tuple[str, Type]], path: str) -> Iterator[tuple[str, Type | None]]:
    """What may occur after `path.`, or first where it is empty: fields with their types, and objects, once each, with
    None."""
    seen: set[str] = set()
    for name, type_ in fields:
        if path and not is_descendant_path(name, path):
            continue
        part, _, deeper = name[len(path) + 1 if path else 0 :].partition(".")
        if part not in seen:
            seen.add(part)
            yield part, None if deeper else type_
