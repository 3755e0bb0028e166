"""The bases of all tree nodes. Spans are relative to the fragment (head or stage) that holds the node."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_dsl.source_text import Span


@dataclass(frozen=True, slots=True)
class Node:
    """Base of all nodes. `span` is what the node covers, counted from the start of its fragment."""

    span: Span


@dataclass(frozen=True, slots=True)
class Stage(Node):
    """One stage of a pipeline, as written."""


@dataclass(frozen=True, slots=True)
class ErrorNode(Stage):
    """A fragment that could not be parsed: its first word, and the name that follows it, else an empty `name`."""

    keyword: str
    name: str = ""
