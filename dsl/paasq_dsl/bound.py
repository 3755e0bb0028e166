"""The bound plan: what the binder makes of a tree and every backend runs. Every expression and every stage has its types.

A plan holds no literal of the text: a literal is a `Constant`, a number into the literals that come with each run, so that
one plan serves all texts that differ in literals only.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, TypeAlias, Union

from paasq_dsl.bound_expressions import (
    TRUE,
    Apply,
    Bound,
    ColumnValue,
    Constant,
    MomentValue,
    ParameterValue,
    PipelineValue,
    Traverse,
)  # fmt: skip
from paasq_dsl.catalog import Collection
from paasq_dsl.objects import is_inside, nested_types, paths_around
from paasq_dsl.source import NOWHERE, Span
from paasq_dsl.types import Type

if TYPE_CHECKING:
    from paasq_dsl.bound_retrieval import RetrievalStage
    from paasq_dsl.bound_writes import BoundTransaction


__all__ = [
    "TRUE", "Apply", "Bound", "ColumnValue", "Constant", "MomentValue", "ParameterValue", "PipelineValue", "Traverse",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """A field of a collection, whose values a column has: as they are, or for a list's field its items."""

    collection: str
    field: str


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column after a stage. A hidden one can be named but is not part of an answer unless selected. `origin` is None where
    the column was computed. `object` is the path of the object that it is a member of: the two begin alike, and an answer
    shows the members of one together."""

    name: str
    type: Type
    hidden: bool = False
    origin: Origin | None = field(default=None, compare=False, repr=False)  # for people who type, not for the plan
    object: str | None = None

    def is_in(self, path: str) -> bool:
        """Is it a member of the object at `path`, or of one in it?"""
        return self.object is not None and is_inside(self.name, path) and is_inside(f"{path}.", self.object)


@dataclass(frozen=True)
class Schema:
    """The columns after a stage. `collection` is set while rows are records of one, `open` after a broken stage: then any
    name may be a column. `retrieved` is true once rows have a score, `repeated` once a record may stand in several rows."""

    columns: tuple[ColumnInfo, ...]
    collection: Collection | None = None
    open: bool = False
    retrieved: bool = False
    repeated: bool = False

    @property
    def by_name(self) -> Mapping[str, ColumnInfo]:
        return {c.name: c for c in self.columns}

    def origin(self, value: Bound) -> Origin | None:
        """Where the values of an expression over these columns come from: it names a column, or a field behind a link."""
        match value:
            case ColumnValue(name=name):
                found = self.by_name.get(name)
                return found.origin if found else None
            case Traverse(collection=collection, name=name):
                return Origin(collection, name)
            case _:
                return None

    @property
    def visible(self) -> tuple[ColumnInfo, ...]:
        return tuple(c for c in self.columns if not c.hidden)

    @property
    def shown(self) -> Mapping[str, Type]:
        """What an answer has: the visible columns, an object as one."""
        return nested_types((c.name, c.type, c.object) for c in self.visible)

    def members(self, path: str) -> tuple[ColumnInfo, ...]:
        """Of the object at `path`; none where it is no object."""
        return tuple(c for c in self.columns if c.is_in(path))

    def without(self, names: Container[str]) -> tuple[ColumnInfo, ...]:
        """The columns but these, and what is in those of them that are objects."""
        paths = [path for c in self.columns if c.object for path in paths_around(c.name) if path in names]
        return tuple(c for c in self.columns if c.name not in names and not any(map(c.is_in, paths)))


@dataclass(frozen=True, slots=True)
class Named:
    name: str
    value: Bound


@dataclass(frozen=True, slots=True)
class BoundAsOf:
    """The moment to read at: `kind` is seq or snapshot, `value` an int or a name."""

    kind: str
    value: Bound


@dataclass(frozen=True, slots=True)
class ScanStage:
    """All live records of a collection, in the order they were written; those of a past moment where `as_of` is given."""

    schema: Schema
    as_of: BoundAsOf | None = None


@dataclass(frozen=True, slots=True)
class WhereStage:
    predicate: Bound
    schema: Schema


@dataclass(frozen=True, slots=True)
class MatchStage:
    """Rows that match, best first by BM25. `fields` are text fields with weights, none where all are searched as one;
    `words` a match text, or a link: then the words of that record are looked for. So many clauses as `least` must be there.
    """

    fields: tuple[tuple[str, float], ...]
    words: Bound
    least: Bound | None
    schema: Schema


@dataclass(frozen=True, slots=True)
class NearStage:
    """Rows that have a vector, nearest first by cosine. `target` is text (embedded), a vector or a record's key."""

    field: str
    target: Bound
    exact: Bound | None
    schema: Schema


@dataclass(frozen=True, slots=True)
class FuseBranch:
    name: str
    stages: tuple[BoundStage, ...]


@dataclass(frozen=True, slots=True)
class FuseStage:
    """The rows of all branches, ordered by their scores or ranks together. `method` is rrf or linear.

    `feedback` is how many of the best rows draw the targets of near to them, before the fusion is done anew.
    """

    method: str
    k: Bound | None
    weights: Bound | None
    feedback: Bound | None
    branches: tuple[FuseBranch, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class BoundSortKey:
    value: Bound
    descending: bool


@dataclass(frozen=True, slots=True)
class SortStage:
    keys: tuple[BoundSortKey, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class TakeStage:
    count: Bound
    schema: Schema


@dataclass(frozen=True, slots=True)
class PageStage:
    size: Bound
    after: Bound | None
    schema: Schema


@dataclass(frozen=True, slots=True)
class SelectStage:
    items: tuple[Named, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class ExtendStage:
    """Window functions in the items run within each group of rows that have equal keys."""

    items: tuple[Named, ...]
    schema: Schema
    keys: tuple[Bound, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetCount:
    name: str
    value: Bound
    top: Bound | None


@dataclass(frozen=True, slots=True)
class FacetStage:
    """Counts by value beside the rows; the rows go through unchanged."""

    facets: tuple[FacetCount, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class SummarizeStage:
    aggregates: tuple[Named, ...]
    keys: tuple[Named, ...]
    fill: Bound | None
    schema: Schema
    fill_method: str | None = None  # previous or linear, where fill is no value


@dataclass(frozen=True, slots=True)
class FollowStage:
    """The records that a link field leads to, step by step, each once, nearest first. `depth` is an int or a range."""

    field: str
    depth: Bound | None
    schema: Schema


@dataclass(frozen=True, slots=True)
class DropStage:
    names: tuple[str, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class RenameStage:
    names: tuple[tuple[str, str], ...]  # (new, old), all renamed at once
    schema: Schema


@dataclass(frozen=True, slots=True)
class SkipStage:
    count: Bound
    schema: Schema


@dataclass(frozen=True, slots=True)
class DistinctStage:
    """The first row of each group of rows that have equal keys."""

    keys: tuple[Bound, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class ExpandStage:
    column: str
    name: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class SampleStage:
    """So many rows, in their order, chosen by `seed`, or by the store's sequence number where there is none."""

    count: Bound
    seed: Bound | None
    schema: Schema


@dataclass(frozen=True, slots=True)
class UnionStage:
    """The rows that come in, whose columns are `before`, then those of each pipeline."""

    before: tuple[str, ...]
    pipelines: tuple[tuple[BoundStage, ...], ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class LookupStage:
    """Fields of the records of `collection` whose `field` equals `value`, both as `type`, as columns `name.field`."""

    collection: Collection
    field: str
    value: Bound
    type: Type
    many: bool
    name: str
    schema: Schema


BoundStage: TypeAlias = Union[
    ScanStage, WhereStage, MatchStage, NearStage, FuseStage, SortStage, TakeStage, PageStage, SelectStage, ExtendStage,
    FacetStage, SummarizeStage, FollowStage, DropStage, RenameStage, SkipStage, DistinctStage, ExpandStage, SampleStage,
    UnionStage, LookupStage, "RetrievalStage",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class BoundQuery:
    """A pipeline, ready for a backend. `explain` is None, "plan" or "analyze"."""

    stages: tuple[BoundStage, ...]
    explain: str | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)

    @property
    def schema(self) -> Schema:
        return self.stages[-1].schema


@dataclass(frozen=True, slots=True)
class BoundCollection:
    """A collection to create. Ids are not yet given: the store does, when it writes the catalog."""

    collection: Collection
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DeclaredParameter:
    name: str
    type: Type
    default: Bound | None
    doc: str = ""


@dataclass(frozen=True, slots=True)
class BoundLet:
    name: str
    query: BoundQuery
    doc: str = ""


@dataclass(frozen=True, slots=True)
class BoundCommand:
    """Every other statement; bound_commands.py has one class each, and says what these three mean."""

    word: ClassVar[str]
    writes: ClassVar[bool] = False
    changes_catalog: ClassVar[bool] = False


BoundStatement: TypeAlias = (
    "BoundQuery | BoundTransaction | BoundCollection | BoundCommand | DeclaredParameter | BoundLet"
)
