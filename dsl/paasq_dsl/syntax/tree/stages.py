"""The tree of a stage, as written."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_dsl.source_text import Span
from paasq_dsl.syntax.tree.expressions import Expression, Item, Literal, Name, Parameter, Pipeline
from paasq_dsl.syntax.tree.nodes import Node, Stage


@dataclass(frozen=True, slots=True)
class Option(Node):
    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Where(Stage):
    predicate: Expression


@dataclass(frozen=True, slots=True)
class Weighted(Node):
    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Find(Stage):
    words: Literal | Parameter
    fields: tuple[Weighted, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Match(Stage):
    """`like`: `words` is a record, whose words are looked for."""

    fields: tuple[Weighted, ...]
    words: Expression
    options: tuple[Option, ...] = ()
    like: bool = False


@dataclass(frozen=True, slots=True)
class Near(Stage):
    field: str | None
    field_span: Span
    target: Expression
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Branch(Node):
    name: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Fuse(Stage):
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
class Sort(Stage):
    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Take(Stage):
    count: Expression


@dataclass(frozen=True, slots=True)
class Page(Stage):
    size: Expression
    after: Expression | None


@dataclass(frozen=True, slots=True)
class Select(Stage):
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Extend(Stage):
    """`keys` part the rows into groups, within which window functions run."""

    items: tuple[Item, ...]
    keys: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetItem(Node):
    item: Item
    top: Expression | None


@dataclass(frozen=True, slots=True)
class Facet(Stage):
    items: tuple[FacetItem, ...]


@dataclass(frozen=True, slots=True)
class Summarize(Stage):
    aggregates: tuple[Item, ...]
    keys: tuple[Item, ...]
    fill: Expression | None  # a Name where it is a method: previous or linear


@dataclass(frozen=True, slots=True)
class Follow(Stage):
    field: str
    field_span: Span
    depth: Expression | None


@dataclass(frozen=True, slots=True)
class Drop(Stage):
    columns: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Rename(Stage):
    """Each item's expression is the Name of the column as it was called."""

    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Skip(Stage):
    count: Expression


@dataclass(frozen=True, slots=True)
class Distinct(Stage):
    """Without keys: by all columns that are shown."""

    keys: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Expand(Stage):
    column: Name
    name: str | None


@dataclass(frozen=True, slots=True)
class Sample(Stage):
    count: Expression
    seed: Expression | None


@dataclass(frozen=True, slots=True)
class Union(Stage):
    pipelines: tuple[Pipeline, ...]


@dataclass(frozen=True, slots=True)
class Lookup(Stage):
    """`condition` compares a value of the row with a field of `collection`."""

    many: bool
    collection: Name
    condition: Expression
    name: str
    name_span: Span


# ---- stages that work on a ranking: they order it anew, thin it out, and cut what it found to size


@dataclass(frozen=True, slots=True)
class Rerank(Stage):
    value: Expression


@dataclass(frozen=True, slots=True)
class Collapse(Stage):
    value: Expression
    keep: Expression | None


@dataclass(frozen=True, slots=True)
class Diversify(Stage):
    field: str | None
    field_span: Span
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Passages(Stage):
    field: str
    field_span: Span
    most: Expression | None


@dataclass(frozen=True, slots=True)
class Cite(Stage):
    pass


@dataclass(frozen=True, slots=True)
class Budget(Stage):
    """Each limit is an option: a name and its value."""

    limits: tuple[Option, ...]
