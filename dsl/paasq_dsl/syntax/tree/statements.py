"""The tree of a query's head, of a statement and of a whole text, as written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from paasq_dsl.source_text import Span
from paasq_dsl.syntax.tree.commands import EmitClause
from paasq_dsl.syntax.tree.declarations import CollectionDeclaration, LetHead, ParameterDeclaration
from paasq_dsl.syntax.tree.expressions import FromClause
from paasq_dsl.syntax.tree.nodes import Command, ErrorNode, Node, Stage
from paasq_dsl.syntax.tree.writes import Transaction, Write


@dataclass(frozen=True, slots=True)
class QueryHead(Node):
    """`from source`, or `explain from source`."""

    source: FromClause
    explain: str | None  # None, "plan" or "analyze"

    @classmethod
    def build(cls, explain: str | None, source: FromClause) -> QueryHead:
        return cls(source.span, source, explain)


Head: TypeAlias = (
    QueryHead | LetHead | ParameterDeclaration | CollectionDeclaration | Write | Transaction | Command | ErrorNode
)


@dataclass(frozen=True, slots=True)
class PositionedStage:
    """A stage and the offset in the whole text that its spans count from."""

    node: Stage
    offset: int


@dataclass(frozen=True, slots=True)
class PositionedEmitClause:
    """An emit clause, or the error in its place, and the offset in the whole text that its spans count from."""

    node: EmitClause | ErrorNode
    offset: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `span` is absolute; `offset` is what the head's spans count from. `emit_clause` is that of a
    watch, where it has one."""

    head: Head
    offset: int
    stages: tuple[PositionedStage, ...]
    doc: str
    span: Span
    emit_clause: PositionedEmitClause | None = None

    def shift(self, offset: int) -> Statement:
        """The same statement `offset` characters further on; nodes are shared, since their spans are relative."""
        stages = tuple(PositionedStage(placed.node, placed.offset + offset) for placed in self.stages)
        emission = self.emit_clause and PositionedEmitClause(self.emit_clause.node, self.emit_clause.offset + offset)
        return Statement(self.head, self.offset + offset, stages, self.doc, self.span.shift(offset), emission)


@dataclass(frozen=True, slots=True)
class Script:
    """The statements of a whole text, in order; one that could not be parsed has an `ErrorNode` as its head."""

    statements: tuple[Statement, ...]
