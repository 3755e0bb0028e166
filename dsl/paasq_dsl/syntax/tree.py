"""The tree of a text, as written: frozen nodes with spans. Spans are relative to the piece (head or stage) a node stands in."""

from __future__ import annotations

import typing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from paasq_dsl.source import Span
from paasq_dsl.syntax.expressions import (
    Arrow,
    Binary,
    Call,
    Dot,
    Expression,
    Item,
    ListOf,
    Literal,
    Logical,
    Moment,
    Name,
    Node,
    Parameter,
    Range,
    Record,
    Ref,
    Unary,
)  # fmt: skip

if TYPE_CHECKING:
    from paasq_dsl.syntax.tree_retrieval import RetrievalStage
    from paasq_dsl.syntax.tree_writes import Transaction, Write

__all__ = [
    "Arrow", "Binary", "Call", "Dot", "Expression", "Item", "ListOf", "Literal", "Logical",
    "Moment", "Name", "Node", "Parameter", "Range", "Record", "Ref", "Unary",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Option(Node):
    name: str
    value: Expression


# ---- stages


@dataclass(frozen=True, slots=True)
class AsOf(Node):
    """`kind` is seq or snapshot: what `value` names."""

    kind: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Arguments(Node):
    """Of a pipeline, with their brackets."""

    values: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class From(Node):
    """`name` has the alias of a module and a dot before it where the let is one of a module. `arguments` is None where
    there are no brackets, `key` where no one record is named."""

    name: str
    name_span: Span
    as_of: AsOf | None = None
    arguments: Arguments | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Where(Node):
    predicate: Expression


@dataclass(frozen=True, slots=True)
class Weighted(Node):
    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Find(Node):
    words: Literal | Parameter
    fields: tuple[Weighted, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Match(Node):
    """`like`: `words` is a record, whose words are looked for."""

    fields: tuple[Weighted, ...]
    words: Expression
    options: tuple[Option, ...] = ()
    like: bool = False


@dataclass(frozen=True, slots=True)
class Near(Node):
    field: str | None
    field_span: Span
    target: Expression
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Branch(Node):
    name: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Fuse(Node):
    method: str
    method_span: Span
    options: tuple[Option, ...]
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class SortKey(Node):
    expression: Expression
    descending: bool
    nulls_first: bool = False


@dataclass(frozen=True, slots=True)
class Sort(Node):
    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Take(Node):
    count: Expression


@dataclass(frozen=True, slots=True)
class Page(Node):
    size: Expression
    after: Expression | None


@dataclass(frozen=True, slots=True)
class Select(Node):
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Extend(Node):
    """`keys` part the rows into groups, within which window functions run."""

    items: tuple[Item, ...]
    keys: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetItem(Node):
    item: Item
    top: Expression | None


@dataclass(frozen=True, slots=True)
class Facet(Node):
    items: tuple[FacetItem, ...]


@dataclass(frozen=True, slots=True)
class Summarize(Node):
    aggregates: tuple[Item, ...]
    keys: tuple[Item, ...]
    fill: Expression | None  # a Name where it is a method: previous or linear


@dataclass(frozen=True, slots=True)
class Follow(Node):
    field: str
    field_span: Span
    depth: Expression | None


@dataclass(frozen=True, slots=True)
class Drop(Node):
    columns: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Rename(Node):
    """Each item's expression is the Name of the column as it was called."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Skip(Node):
    count: Expression


@dataclass(frozen=True, slots=True)
class Distinct(Node):
    """Without keys: by all columns that are shown."""

    keys: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Expand(Node):
    column: Name
    name: str | None


@dataclass(frozen=True, slots=True)
class Sample(Node):
    count: Expression
    seed: Expression | None


@dataclass(frozen=True, slots=True)
class Pipeline(Node):
    """A whole pipeline in brackets: of a union, or a list on the right of `in`."""

    source: From
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Union(Node):
    pipelines: tuple[Pipeline, ...]


@dataclass(frozen=True, slots=True)
class Lookup(Node):
    """`condition` compares a value of the row with a field of `collection`."""

    many: bool
    collection: Name
    condition: Expression
    name: str
    name_span: Span


@dataclass(frozen=True, slots=True)
class Broken(Node):
    """A piece that could not be parsed; `word` is what it begins with, `name` the name behind that, where one is."""

    word: str
    name: str = ""


Stage: TypeAlias = typing.Union[
    Where, Find, Match, Near, Fuse, Sort, Take, Page, Select, Extend, Facet, Summarize, Follow,
    Drop, Rename, Skip, Distinct, Expand, Sample, Union, Lookup, Broken, "RetrievalStage",
]  # fmt: skip


# ---- statements


@dataclass(frozen=True, slots=True)
class TypeName(Node):
    """`name`, `name(argument)`, `link<argument>`; a list as `name` "list" with `item`, an object as "{}" with `fields`."""

    name: str
    argument: str | None = None
    item: TypeName | None = None
    fields: tuple[FieldDeclaration, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldDeclaration(Node):
    """`name` has dots where it says which object the field is in."""

    name: str
    type: TypeName
    is_key: bool
    required: bool
    unique: bool
    default: Expression | None
    sources: tuple[Name, ...]
    computed: Expression | None = None  # behind `=`: what its value always is
    doc: str = ""


@dataclass(frozen=True, slots=True)
class QueryHead(Node):
    source: From
    explain: str | None  # None, "plan" or "analyze"


@dataclass(frozen=True, slots=True)
class Taken(Node):
    """A parameter of a function or a pipeline. `written` is the whole declaration on one line, for signatures."""

    name: str
    type: TypeName
    default: Expression | None = None
    written: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class LetHead(Node):
    name: str
    source: From
    parameters: tuple[Taken, ...] = ()


@dataclass(frozen=True, slots=True)
class ParameterDeclaration(Node):
    name: str
    type: TypeName
    default: Expression | None


@dataclass(frozen=True, slots=True)
class CollectionDeclaration(Node):
    name: str
    fields: tuple[FieldDeclaration, ...]


@dataclass(frozen=True, slots=True)
class Command(Node):
    """Every other statement; tree_commands.py has one node each."""


Head: TypeAlias = (
    "QueryHead | LetHead | ParameterDeclaration | CollectionDeclaration | Write | Transaction | Command | Broken"
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A stage and the offset in the whole text that its spans count from."""

    node: Stage
    offset: int


@dataclass(frozen=True, slots=True)
class Emission(Node):
    """Which events a watch pushes, all where none is named, and from when on: a sequence number or a cursor."""

    events: tuple[Name, ...]
    after: Expression | None


@dataclass(frozen=True, slots=True)
class PlacedEmission:
    node: Emission | Broken
    offset: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. `span` is absolute; `offset` is what the head's spans count from. `emission` is what a watch emits,
    where it says so."""

    head: Head
    offset: int
    stages: tuple[Placed, ...]
    doc: str
    span: Span
    emission: PlacedEmission | None = None

    def shift(self, offset: int) -> Statement:
        stages = tuple(Placed(placed.node, placed.offset + offset) for placed in self.stages)
        emission = self.emission and PlacedEmission(self.emission.node, self.emission.offset + offset)
        return Statement(self.head, self.offset + offset, stages, self.doc, self.span.shift(offset), emission)


@dataclass(frozen=True, slots=True)
class Script:
    statements: tuple[Statement, ...]
