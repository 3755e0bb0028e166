"""The trees of stages that shape rows, as written.

A stage's class is named after its keyword; its `build` takes the parts of the grammar rule of that name.
"""

from __future__ import annotations

from dataclasses import dataclass

from lark import Token

from paasq_dsl.source_text import Span
from paasq_dsl.syntax.tree.expressions import Expression, Name, NamedItem, NestedPipeline
from paasq_dsl.syntax.tree.nodes import Node, Stage, covering_span, span_of, unquote_name


@dataclass(frozen=True, slots=True)
class Where(Stage):
    """`where predicate`."""

    predicate: Expression


@dataclass(frozen=True, slots=True)
class SortKey(Node):
    """`expression desc nulls first`; ascending with nulls last where nothing is written."""

    expression: Expression
    descending: bool
    nulls_first: bool = False

    @classmethod
    def build(cls, expression: Expression, direction: Token | None, nulls: Token | None) -> SortKey:
        return cls(span_of(expression, nulls or direction), expression, direction == "desc", nulls == "first")


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

    @classmethod
    def build_by(cls, items: tuple[NamedItem, ...], keys: tuple[Expression, ...]) -> Extend:
        """Of the parts of the rule `extend_by`."""
        return cls(covering_span((items, keys)), items, keys)


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

    @classmethod
    def build(
        cls,
        aggregates: tuple[NamedItem, ...] | None,
        keys: tuple[NamedItem, ...] | None,
        fill: Token | Expression | None,
    ) -> Summarize:
        filled = Name.build(fill) if isinstance(fill, Token) else fill
        return cls(covering_span((aggregates, keys, filled)), aggregates or (), keys or (), filled)


@dataclass(frozen=True, slots=True)
class Follow(Stage):
    """`follow field depth 1..3`; `depth` is None where not written."""

    field: str
    field_span: Span
    depth: Expression | None

    @classmethod
    def build(cls, field: Name, depth: Expression | None) -> Follow:
        return cls(span_of(field, depth), field.name, field.span, depth)


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

    @classmethod
    def build(cls, keys: tuple[Expression, ...] | None) -> Distinct:
        return cls(covering_span((keys,)), keys or ())


@dataclass(frozen=True, slots=True)
class Expand(Stage):
    """`expand column as name`; without a name the items replace the list in its own column."""

    column: Name
    name: str | None

    @classmethod
    def build(cls, column: Name, name: Token | None) -> Expand:
        return cls(span_of(column, name), column, unquote_name(name) if name else None)


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

    @classmethod
    def build(cls, how: Token, collection: Token, condition: Expression, name: Token) -> Lookup:
        named = Name.build(name)
        return cls(span_of(how, name), how == "many", Name.build(collection), condition, named.name, named.span)
