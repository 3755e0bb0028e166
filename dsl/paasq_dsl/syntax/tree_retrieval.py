"""Nodes of the stages that work on a ranking: they order it anew, thin it out, and cut what it found to size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from paasq_dsl.source import Span
from paasq_dsl.syntax.tree import Expression, Node, Option


@dataclass(frozen=True, slots=True)
class Rerank(Node):
    value: Expression


@dataclass(frozen=True, slots=True)
class Collapse(Node):
    value: Expression
    keep: Expression | None


@dataclass(frozen=True, slots=True)
class Diversify(Node):
    field: str | None
    field_span: Span
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Passages(Node):
    field: str
    field_span: Span
    most: Expression | None


@dataclass(frozen=True, slots=True)
class Cite(Node):
    pass


@dataclass(frozen=True, slots=True)
class Budget(Node):
    """Each limit is an option: a name and its value."""

    limits: tuple[Option, ...]


RetrievalStage: TypeAlias = Rerank | Collapse | Diversify | Passages | Cite | Budget
