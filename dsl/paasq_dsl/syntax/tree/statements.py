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
    computed: Expression | None = None  # the expression after `=`, which gives its value
    doc: str = ""


@dataclass(frozen=True, slots=True)
class QueryHead(Node):
    """`from source`, or `explain from source`."""

    source: FromClause
    explain: str | None  # None, "plan" or "analyze"


@dataclass(frozen=True, slots=True)
class FormalParameter(Node):
    """A parameter of a function or a pipeline. `declaration_text` is it on one line, for signatures."""

    name: str
    type: TypeExpression
    default: Expression | None = None
    declaration_text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class LetHead(Node):
    """`let name(parameters) = from source`; the stages belong to the statement."""

    name: str
    source: FromClause
    parameters: tuple[FormalParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class ParameterDeclaration(Node):
    """`param $name: type = default`; `name` is without the `$`."""

    name: str
    type: TypeExpression
    default: Expression | None


@dataclass(frozen=True, slots=True)
class CollectionDeclaration(Node):
    """`collection name { field: type, ... }`."""

    name: str
    fields: tuple[FieldDeclaration, ...]


@dataclass(frozen=True, slots=True)
class Command(Node):
    """Every statement that is no query, write or declaration above."""


# ---- definitions: what they name can be used by the statements after them


@dataclass(frozen=True, slots=True)
class FunctionDeclaration(Command):
    """`fn name(parameters): result = body`."""

    name: str
    parameters: tuple[FormalParameter, ...]
    result: TypeExpression
    body: Expression


@dataclass(frozen=True, slots=True)
class Use(Command):
    """`use "path" as alias`; `path_span` covers the string."""

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
    """`view name(parameters) = from source`; the stages belong to the statement."""

    name: str
    source: FromClause
    parameters: tuple[FormalParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class AddField(Command):
    """`alter collection c add field ...`."""

    collection: Name
    field: FieldDeclaration


@dataclass(frozen=True, slots=True)
class DropField(Command):
    """`alter collection c drop field f`."""

    collection: Name
    field: Name


@dataclass(frozen=True, slots=True)
class RenameField(Command):
    """`alter collection c rename field f to new_name`."""

    collection: Name
    field: Name
    new_name: Name


@dataclass(frozen=True, slots=True)
class RetypeField(Command):
    """`alter collection c retype field f: type`."""

    collection: Name
    field: Name
    type: TypeExpression


@dataclass(frozen=True, slots=True)
class DropCollection(Command):
    """`drop collection c`; `and_records` where the statement says that its records go too."""

    collection: Name
    and_records: bool


@dataclass(frozen=True, slots=True)
class DropView(Command):
    """`drop view v`."""

    view: Name


# ---- the rest


@dataclass(frozen=True, slots=True)
class WatchHead(Command):
    """`watch source`; the stages and the emit clause belong to the statement."""

    source: FromClause


@dataclass(frozen=True, slots=True)
class Show(Command):
    """`kind` is collections, views, functions, stages, snapshots, or fields: then `collection` is set."""

    kind: str
    collection: Name | None = None


@dataclass(frozen=True, slots=True)
class Describe(Command):
    """`describe name`, of a collection, view, function or stage."""

    subject: Name


@dataclass(frozen=True, slots=True)
class Dryrun(Command):
    """`dryrun write`: the write or transaction to check without applying it."""

    writes: Write | Transaction


@dataclass(frozen=True, slots=True)
class CreateSnapshot(Command):
    """`snapshot "name"`."""

    name: Literal | Parameter


@dataclass(frozen=True, slots=True)
class VerifySnapshot(Command):
    """`verify snapshot "name"`."""

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
