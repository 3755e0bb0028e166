"""The bases of all tree nodes, and the spans of what the grammar gives. Spans count from the start of the fragment (head or
stage) that holds the node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from lark import Token

from paasq_dsl.source_text import Span


@dataclass(frozen=True, slots=True)
class Node:
    """Base of all nodes. `span` is what the node covers, counted from the start of its fragment."""

    span: Span

    @classmethod
    def build(cls, *parts: Any, **_: Any) -> Self:
        """The node of the parts of its grammar rule: tokens, nodes, tuples of such, and None for what is not written."""
        return cls(covering_span(parts), *parts)


@dataclass(frozen=True, slots=True)
class Stage(Node):
    """One stage of a pipeline, as written."""


@dataclass(frozen=True, slots=True)
class Command(Node):
    """A statement that is no query, no write, and declares neither a collection, a pipeline nor a parameter."""


@dataclass(frozen=True, slots=True)
class CatalogChange(Command):
    """A command after which the rest of a text must be bound again: only its run gives the ids of what it adds."""


@dataclass(frozen=True, slots=True)
class ErrorNode(Stage):
    """A fragment that could not be parsed: its first word, and the name that follows it, else an empty `name`."""

    keyword: str
    name: str = ""


def span_of(first: Token | Node, last: Token | Node | None = None) -> Span:
    """From the start of `first` to the end of `last`, or of `first` itself where there is no `last`."""
    start = _part_span(first).start
    return Span(start, _part_span(last if last is not None else first).end)


def covering_span(parts: Sequence[Any]) -> Span:
    """From the first to the last part that is there."""
    there = [p for p in parts if p is not None and (not isinstance(p, tuple) or p)]
    flat = [q for p in there for q in (p if isinstance(p, tuple) else (p,))]
    return span_of(flat[0], flat[-1]) if flat else Span(0, 0)


def unquote_name(token: Token) -> str:
    """The name that a token means: its text without back-ticks."""
    return str(token).strip("`")


def _part_span(part: Token | Node) -> Span:
    if isinstance(part, Token):
        assert part.start_pos is not None
        assert part.end_pos is not None
        return Span(part.start_pos, part.end_pos)
    return part.span
