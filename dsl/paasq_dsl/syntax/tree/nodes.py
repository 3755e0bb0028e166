"""What every node of a tree is. Spans are relative to the piece (head or stage) that a node stands in."""

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
    """A piece that could not be parsed; `word` is what it begins with, `name` the name behind that, where one is."""

    keyword: str
    name: str = ""
