"""The tree of a stage, as written."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_dsl.source_text import Span
from paasq_dsl.syntax.tree.expressions import Expression, Literal, Name, NamedItem, NestedPipeline, Parameter
from paasq_dsl.syntax.tree.nodes import Node, Stage


@dataclass(frozen=True, slots=True)
class Option(Node):
    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Where(Stage):
    predicate: Expression


@dataclass(frozen=True, slots=True)
class WeightedField(Node):
    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Find(Stage):
    query_text: Literal | Parameter
    fields: tuple[WeightedField, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Match(Stage):
    """`like`: `words` is a record, whose words are looked for."""

    fields: tuple[WeightedField, ...]
    query_text: Expression
    options: tuple[Option, ...] = ()
    is_more_like_this: bool = False


@dataclass(frozen=True, slots=True)
class Near(Stage):
    field: str | None
    field_span: Span
    target: Expression
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class FuseBranch(Node):
    name: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Fuse(Stage):
    method: str
    method_span: Span
    options: tuple[Option, ...]
    branches: tuple[FuseBranch, ...]


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
    items: tuple[NamedItem, ...]


@dataclass(frozen=True, slots=True)
class Extend(Stage):
    """`keys` part the rows into groups, within which window functions run."""

    items: tuple[NamedItem, ...]
    partition_keys: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetItem(Node):
    item: NamedItem
    top: Expression | None


@dataclass(frozen=True, slots=True)
class Facet(Stage):
    items: tuple[FacetItem, ...]


@dataclass(frozen=True, slots=True)
class Summarize(Stage):
    aggregates: tuple[NamedItem, ...]
    keys: tuple[NamedItem, ...]
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

    items: tuple[NamedItem, ...]


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
    pipelines: tuple[NestedPipeline, ...]


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
    max_per_value: Expression | None


@dataclass(frozen=True, slots=True)
class Diversify(Stage):
    field: str | None
    field_span: Span
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Passages(Stage):
    field: str
    field_span: Span
    max_per_row: Expression | None


@dataclass(frozen=True, slots=True)
class Cite(Stage):
    pass


@dataclass(frozen=True, slots=True)
class Budget(Stage):
    """Each limit is an option: a name and its value."""

    limits: tuple[Option, ...]
