"""The tree of a stage, as written."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_dsl.source_text import Span
from paasq_dsl.syntax.tree.expressions import Expression, Literal, Name, NamedItem, NestedPipeline, Parameter
from paasq_dsl.syntax.tree.nodes import Node, Stage


@dataclass(frozen=True, slots=True)
class Option(Node):
    """`name=value` of a stage, such as `exact=true`."""

    name: str
    value: Expression


@dataclass(frozen=True, slots=True)
class Where(Stage):
    """`where predicate`."""

    predicate: Expression


@dataclass(frozen=True, slots=True)
class WeightedField(Node):
    """`name^weight` in a match or find; the weight is 1 where none is written."""

    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Find(Stage):
    """`find "words" in title^2, body weights=[1, 2]`; without fields all text fields are searched."""

    query_text: Literal | Parameter
    fields: tuple[WeightedField, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Match(Stage):
    """`is_more_like_this`: `query_text` is a record, whose words are looked for."""

    fields: tuple[WeightedField, ...]
    query_text: Expression
    options: tuple[Option, ...] = ()
    is_more_like_this: bool = False


@dataclass(frozen=True, slots=True)
class Near(Stage):
    """`near field to target exact=true`; `field` is None where none is named."""

    field: str | None
    field_span: Span
    target: Expression
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class FuseBranch(Node):
    """`name: stage | stage` inside the brackets of a fuse."""

    name: str
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Fuse(Stage):
    """`fuse method option=value (name: stages, ...)`; `method` is the word as written, checked by the binder."""

    method: str
    method_span: Span
    options: tuple[Option, ...]
    branches: tuple[FuseBranch, ...]


@dataclass(frozen=True, slots=True)
class SortKey(Node):
    """`expression desc nulls first`; ascending with nulls last where nothing is written."""

    expression: Expression
    descending: bool
    nulls_first: bool = False


@dataclass(frozen=True, slots=True)
class Sort(Stage):
    """`sort key, ...`, the first key first."""

    keys: tuple[SortKey, ...]


@dataclass(frozen=True, slots=True)
class Take(Stage):
    """`take count`."""

    count: Expression


@dataclass(frozen=True, slots=True)
class Page(Stage):
    """`page size after cursor`; `after` is None without a cursor."""

    size: Expression
    after: Expression | None


@dataclass(frozen=True, slots=True)
class Select(Stage):
    """`select name = expression, expression, ...`."""

    items: tuple[NamedItem, ...]


@dataclass(frozen=True, slots=True)
class Extend(Stage):
    """`partition_keys` part the rows into groups, within which window functions run."""

    items: tuple[NamedItem, ...]
    partition_keys: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetItem(Node):
    """`name = expression top n` in a facet; `top` is None where not written."""

    item: NamedItem
    top: Expression | None


@dataclass(frozen=True, slots=True)
class Facet(Stage):
    """`facet item, ...`."""

    items: tuple[FacetItem, ...]


@dataclass(frozen=True, slots=True)
class Summarize(Stage):
    """`summarize aggregates by keys fill value`."""

    aggregates: tuple[NamedItem, ...]
    keys: tuple[NamedItem, ...]
    fill: Expression | None  # a Name where it is a method: previous or linear


@dataclass(frozen=True, slots=True)
class Follow(Stage):
    """`follow field depth 1..3`; `depth` is None where not written."""

    field: str
    field_span: Span
    depth: Expression | None


@dataclass(frozen=True, slots=True)
class Drop(Stage):
    """`drop column, ...`."""

    columns: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Rename(Stage):
    """Each item's expression is the Name of the column as it was called."""

    items: tuple[NamedItem, ...]


@dataclass(frozen=True, slots=True)
class Skip(Stage):
    """`skip count`."""

    count: Expression


@dataclass(frozen=True, slots=True)
class Distinct(Stage):
    """Without keys: by all columns that are shown."""

    keys: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Expand(Stage):
    """`expand column as name`; without a name the items replace the list in its own column."""

    column: Name
    name: str | None


@dataclass(frozen=True, slots=True)
class Sample(Stage):
    """`sample count seed number`; `count` may be a share such as 0.1."""

    count: Expression
    seed: Expression | None


@dataclass(frozen=True, slots=True)
class Union(Stage):
    """`union (from a | ...), (from b | ...)`."""

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
    """`rerank by value`."""

    value: Expression


@dataclass(frozen=True, slots=True)
class Collapse(Stage):
    """`collapse value keep n`; `max_per_value` is None where not written."""

    value: Expression
    max_per_value: Expression | None


@dataclass(frozen=True, slots=True)
class Diversify(Stage):
    """`diversify field lambda=0.7 depth=100`; `field` is None where none is named."""

    field: str | None
    field_span: Span
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Passages(Stage):
    """`passages field max n`; `max_per_row` is None where not written."""

    field: str
    field_span: Span
    max_per_row: Expression | None


@dataclass(frozen=True, slots=True)
class Cite(Stage):
    """`cite`, which takes nothing."""


@dataclass(frozen=True, slots=True)
class Budget(Stage):
    """Each limit is an option: a name and its value."""

    limits: tuple[Option, ...]
