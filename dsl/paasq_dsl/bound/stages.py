"""The stages of a bound plan, as every backend runs them. Every expression and every stage has its types.

A plan holds no literal of the text: a literal is a `Constant`, a number into the literals that come with each run, so that
one plan serves all texts that differ in literals only.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from paasq_dsl.bound.expressions import BoundExpression, NamedExpression
from paasq_dsl.bound.schema import BoundStage
from paasq_dsl.catalog import Collection
from paasq_dsl.source_text import DUMMY_SPAN, Span
from paasq_dsl.types import Type


@dataclass(frozen=True, slots=True)
class BoundAsOf:
    """The moment to read at: `kind` is seq or snapshot, `value` an int or a name."""

    kind: str
    value: BoundExpression


@dataclass(frozen=True, slots=True)
class ScanStage(BoundStage):
    """All live records of a collection, in the order they were written; those of a past moment where `as_of` is given."""

    as_of: BoundAsOf | None = None


@dataclass(frozen=True, slots=True)
class WhereStage(BoundStage):
    """Keeps the rows for which `predicate`, a bool, is true; false and null are dropped. The order stays."""

    predicate: BoundExpression


@dataclass(frozen=True, slots=True)
class MatchStage(BoundStage):
    """Rows that match, best first by BM25. `fields` are text fields with weights, none where all are searched as one;
    `query_text` a match text, or a link: then the record's words are searched. `minimum_should_match` counts clauses.
    """

    fields: tuple[tuple[str, float], ...]
    query_text: BoundExpression
    minimum_should_match: BoundExpression | None


@dataclass(frozen=True, slots=True)
class NearStage(BoundStage):
    """Rows that have a vector, nearest first by cosine. `target` is text (embedded), a vector or a record's key."""

    field: str
    target: BoundExpression
    exact: BoundExpression | None


@dataclass(frozen=True, slots=True)
class FuseBranch:
    """A branch of a fuse; its score and rank become `_score.name` and `_rank.name`."""

    name: str
    stages: tuple[BoundStage, ...]


@dataclass(frozen=True, slots=True)
class FuseStage(BoundStage):
    """The rows of all branches, ordered by their scores or ranks together. `method` is rrf or linear.

    `feedback_documents` is how many of the best rows shift the targets of near, before the fusion is repeated.
    """

    method: str
    k: BoundExpression | None
    weights: BoundExpression | None
    feedback_documents: BoundExpression | None
    branches: tuple[FuseBranch, ...]


@dataclass(frozen=True, slots=True)
class BoundSortKey:
    """A key of a sort. Nulls come last in both directions."""

    value: BoundExpression
    descending: bool


@dataclass(frozen=True, slots=True)
class SortStage(BoundStage):
    """Orders the rows by `keys`, the first key first; rows that are equal keep their order."""

    keys: tuple[BoundSortKey, ...]


@dataclass(frozen=True, slots=True)
class TakeStage(BoundStage):
    """Keeps the first `count` rows, an int."""

    count: BoundExpression


@dataclass(frozen=True, slots=True)
class PageStage(BoundStage):
    """Keeps `size` rows, an int, that follow the cursor `after`, a keyword; from the first row where it is None."""

    size: BoundExpression
    after: BoundExpression | None


@dataclass(frozen=True, slots=True)
class SelectStage(BoundStage):
    """Replaces the visible columns by `items`, in this order."""

    items: tuple[NamedExpression, ...]


@dataclass(frozen=True, slots=True)
class ExtendStage(BoundStage):
    """Window functions in the items run within each group of rows that have equal keys."""

    items: tuple[NamedExpression, ...]
    partition_keys: tuple[BoundExpression, ...] = ()


@dataclass(frozen=True, slots=True)
class FacetCount:
    """Counts by `value` under `name`; only the `top` most frequent ones where it is not None."""

    name: str
    value: BoundExpression
    top: BoundExpression | None


@dataclass(frozen=True, slots=True)
class FacetStage(BoundStage):
    """Counts by value, in addition to the rows, which pass unchanged."""

    facets: tuple[FacetCount, ...]


@dataclass(frozen=True, slots=True)
class SummarizeStage(BoundStage):
    """One row for each distinct combination of `keys` (one row in all without keys), with the aggregates of its
    rows. `fill` is the value for missing buckets."""

    aggregates: tuple[NamedExpression, ...]
    keys: tuple[NamedExpression, ...]
    fill: BoundExpression | None
    fill_method: str | None = None  # previous or linear, where fill is no value


@dataclass(frozen=True, slots=True)
class FollowStage(BoundStage):
    """The records that a link field leads to, step by step, each once, nearest first. `depth` is an int or a range."""

    field: str
    depth: BoundExpression | None


@dataclass(frozen=True, slots=True)
class DropStage(BoundStage):
    """Removes the columns `names`, or hides those of them that the system keeps."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RenameStage(BoundStage):
    """Renames columns in place; the values and the order of columns stay."""

    names: tuple[tuple[str, str], ...]  # (new, old), all renamed at once


@dataclass(frozen=True, slots=True)
class SkipStage(BoundStage):
    """Leaves out the first `count` rows, an int."""

    count: BoundExpression


@dataclass(frozen=True, slots=True)
class DistinctStage(BoundStage):
    """The first row of each group of rows that have equal keys."""

    keys: tuple[BoundExpression, ...]


@dataclass(frozen=True, slots=True)
class ExpandStage(BoundStage):
    """A row for each item of the list `column`, in the column `name`, in the order of the list; none for an empty
    list or null. `span` is that of the column in the text."""

    column: str
    name: str
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class SampleStage(BoundStage):
    """So many rows, in their order, chosen by `seed`, or by the store's sequence number where there is none."""

    count: BoundExpression
    seed: BoundExpression | None


@dataclass(frozen=True, slots=True)
class UnionStage(BoundStage):
    """The input rows, whose columns are `input_columns`, then those of each pipeline."""

    input_columns: tuple[str, ...]
    pipelines: tuple[tuple[BoundStage, ...], ...]


@dataclass(frozen=True, slots=True)
class LookupStage(BoundStage):
    """Fields of the records of `collection` whose `field` equals `value`, both as `comparison_type`, as columns `name.field`."""

    collection: Collection
    field: str
    value: BoundExpression
    comparison_type: Type
    many: bool
    name: str


# ---- stages that work on a ranking: they order it anew, thin it out, and cut what it found to size


@dataclass(frozen=True, slots=True)
class RerankStage(BoundStage):
    """The rows by `value`, a number, the largest first, null last; it becomes `_score`."""

    value: BoundExpression


@dataclass(frozen=True, slots=True)
class CollapseStage(BoundStage):
    """The first `max_per_value` rows (1) of each value; rows where it is null have one value too. The order stays."""

    value: BoundExpression
    max_per_value: BoundExpression | None


@dataclass(frozen=True, slots=True)
class DiversifyStage(BoundStage):
    """Of the first `candidate_count` rows those with a vector, in the order of maximal marginal relevance."""

    field: str
    mmr_lambda: BoundExpression | None
    candidate_count: BoundExpression | None


@dataclass(frozen=True, slots=True)
class PassagesStage(BoundStage):
    """A row for each of the best parts of the text `field`, at most `max_per_row` (1); a row without text stays one."""

    field: str
    max_per_row: BoundExpression | None


@dataclass(frozen=True, slots=True)
class CiteStage(BoundStage):
    """`_cite` names the record at its version, and where `cites_passage` the part of its text."""

    cites_passage: bool


@dataclass(frozen=True, slots=True)
class BudgetStage(BoundStage):
    """Limits on the answer, in addition to the request's; the last stage."""

    tokens: BoundExpression | None
    time: BoundExpression | None
    rows: BoundExpression | None
