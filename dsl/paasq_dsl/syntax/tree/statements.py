"""The tree of a statement and of a whole text, as written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from paasq_dsl.source_text import Span
from paasq_dsl.syntax.tree.expressions import Expression, FromClause, Literal, Name, Parameter
from paasq_dsl.syntax.tree.nodes import ErrorNode, Node, Stage
from paasq_dsl.syntax.tree.writes import Transaction, Write


@dataclass(frozen=True, slots=True)
class TypeExpression(Node):
    """`name`, `name(argument)`, `link<argument>`; a list as `name` "list" with `item`, an object as "{}" with `fields`."""

    name: str
    argument: str | None = None
    item: TypeExpression | None = None
    fields: tuple[FieldDeclaration, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldDeclaration(Node):
    """`name` has dots where it says which object the field is in."""

    name: str
    type: TypeExpression
    is_key: bool
    required: bool
    unique: bool
    default: Expression | None
    sources: tuple[Name, ...]
    computed: Expression | None = None  # behind `=`: what its value always is
    doc: str = ""


@dataclass(frozen=True, slots=True)
class QueryHead(Node):
    source: FromClause
    explain: str | None  # None, "plan" or "analyze"


@dataclass(frozen=True, slots=True)
class FormalParameter(Node):
    """A parameter of a function or a pipeline. `written` is the whole declaration on one line, for signatures."""

    name: str
    type: TypeExpression
    default: Expression | None = None
    declaration_text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class LetHead(Node):
    name: str
    source: FromClause
    parameters: tuple[FormalParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class ParameterDeclaration(Node):
    name: str
    type: TypeExpression
    default: Expression | None


@dataclass(frozen=True, slots=True)
class CollectionDeclaration(Node):
    name: str
    fields: tuple[FieldDeclaration, ...]


@dataclass(frozen=True, slots=True)
class Command(Node):
    """Every statement that is no query, write or declaration above."""


# ---- definitions: what they name can be used by the statements behind them


@dataclass(frozen=True, slots=True)
class FunctionDeclaration(Command):
    name: str
    parameters: tuple[FormalParameter, ...]
    result: TypeExpression
    body: Expression


@dataclass(frozen=True, slots=True)
class Use(Command):
    path: str
    path_span: Span
    alias: str


@dataclass(frozen=True, slots=True)
class SetTimeZone(Command):
    """The time zone that a text is read in; `span` is its name's."""

    name: str


# ---- the catalog


@dataclass(frozen=True, slots=True)
class ViewHead(Command):
    name: str
    source: FromClause
    parameters: tuple[FormalParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class AddField(Command):
    collection: Name
    field: FieldDeclaration


@dataclass(frozen=True, slots=True)
class DropField(Command):
    collection: Name
    field: Name


@dataclass(frozen=True, slots=True)
class RenameField(Command):
    collection: Name
    field: Name
    new_name: Name


@dataclass(frozen=True, slots=True)
class RetypeField(Command):
    collection: Name
    field: Name
    type: TypeExpression


@dataclass(frozen=True, slots=True)
class DropCollection(Command):
    collection: Name
    and_records: bool


@dataclass(frozen=True, slots=True)
class DropView(Command):
    view: Name


# ---- the rest


@dataclass(frozen=True, slots=True)
class WatchHead(Command):
    source: FromClause


@dataclass(frozen=True, slots=True)
class Show(Command):
    """`what` is collections, views, functions, stages, snapshots, or fields: then `of` names the collection."""

    kind: str
    collection: Name | None = None


@dataclass(frozen=True, slots=True)
class Describe(Command):
    subject: Name


@dataclass(frozen=True, slots=True)
class Dryrun(Command):
    writes: Write | Transaction


@dataclass(frozen=True, slots=True)
class CreateSnapshot(Command):
    name: Literal | Parameter


@dataclass(frozen=True, slots=True)
class VerifySnapshot(Command):
    name: Literal | Parameter


@dataclass(frozen=True, slots=True)
class ResolveCitations(Command):
    """`citations` is a string or a list of such."""

    citations: Expression


Head: TypeAlias = (
    QueryHead | LetHead | ParameterDeclaration | CollectionDeclaration | Write | Transaction | Command | ErrorNode
)


@dataclass(frozen=True, slots=True)
class PositionedStage:
    """A stage and the offset in the whole text that its spans count from."""

    node: Stage
    offset: int


@dataclass(frozen=True, slots=True)
class EmitClause(Node):
    """Which events a watch pushes, all where none is named, and from when on: a sequence number or a cursor."""

    events: tuple[Name, ...]
    after: Expression | None


@dataclass(frozen=True, slots=True)
class PositionedEmitClause:
    node: EmitClause | ErrorNode
    offset: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `span` is absolute; `offset` is what the head's spans count from. `emission` is what a watch emits,
    where it says so."""

    head: Head
    offset: int
    stages: tuple[PositionedStage, ...]
    doc: str
    span: Span
    emit_clause: PositionedEmitClause | None = None

    def shift(self, offset: int) -> Statement:
        stages = tuple(PositionedStage(placed.node, placed.offset + offset) for placed in self.stages)
        emission = self.emit_clause and PositionedEmitClause(self.emit_clause.node, self.emit_clause.offset + offset)
        return Statement(self.head, self.offset + offset, stages, self.doc, self.span.shift(offset), emission)


@dataclass(frozen=True, slots=True)
class Script:
    statements: tuple[Statement, ...]
