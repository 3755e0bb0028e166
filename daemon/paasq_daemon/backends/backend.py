"""What a backend is. It gets a bound plan, whose columns all have types, and says loudly what it cannot run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from paasq_daemon.index.indexes import IndexView
from paasq_daemon.wire.answer import Answer, ColumnInfo
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import CapabilityMissing
from paasq_daemon.wire.events import Key
from paasq_daemon.wire.request import Budget
from paasq_dsl import bound
from paasq_dsl.bound import BoundQuery, BoundStage, RowIdentity
from paasq_dsl.bound.traversal import has_dereference, nested_pipelines, stage_expressions, subqueries, window_calls
from paasq_dsl.types import TypeKind
from paasq_dsl.values import Value


class Capability(StrEnum):
    """What a plan may need beside scanning, filtering, sorting and taking."""

    TEXT = "full text search"
    VECTOR = "vector search"
    FUSION = "fusion of rankings"
    FACETS = "facets"
    GROUPS = "summarize"
    LINKS = "following links"
    PAGES = "cursors"
    UNIONS = "unions"
    LOOKUPS = "lookups"
    DIVERSITY = "diversify"
    PASSAGES = "passages"
    LIKE = "match like"
    ANALYZE = "explain analyze"
    HISTORY = "reading the past"
    WINDOWS = "window functions"
    LISTS = "pipelines as lists"


@dataclass(frozen=True)
class ExecutionInputs:
    """What comes with one run of a plan. `literals` by slot, `parameters` as JSON gave them; one `now` for a whole script."""

    literals: tuple[Value, ...]
    parameters: Mapping[str, Any]
    now_us: int
    budget: Budget = field(default_factory=Budget)
    cancellation: CancellationToken = field(default_factory=CancellationToken)
    plan_key: str = ""  # the plan's canonical text, for explain
    cache_hit: bool = False
    view: IndexView | None = None  # what an embedded plan reads; it was compiled against this view's catalog


@dataclass(frozen=True)
class KeyedResult:
    """All rows of a query at one moment, by what tells them apart, in their order. Values are the engine's."""

    columns: tuple[ColumnInfo, ...]
    rows: Mapping[Key, list[Any]]
    seq: int
    now_us: int


class ExecutablePlan(Protocol):
    """A plan made ready once and run many times, in any thread."""

    def execute(self, inputs: ExecutionInputs) -> Answer: ...

    def row_versions(self, inputs: ExecutionInputs) -> list[tuple[str, int]]:
        """Key and version of every row: what a write with a where works on."""
        ...

    def keyed_result(
        self, inputs: ExecutionInputs, identity: RowIdentity, rows_max: int, seq: int | None
    ) -> KeyedResult:
        """All rows by what tells them apart; as they were at `seq` where it is given.
        Raises LimitExceeded where there are more than `rows_max`, StoreError where that moment can't be read."""
        ...

    def fingerprint(self, inputs: ExecutionInputs) -> str:
        """What is equal for the same query with the same literals and parameters."""
        ...


class Backend(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> frozenset[Capability]: ...

    def prepare(self, query: BoundQuery) -> ExecutablePlan:
        """Raises CapabilityMissing where the plan needs what the backend has not."""
        ...


_NEEDS: dict[type, Capability] = {
    bound.MatchStage: Capability.TEXT,
    bound.NearStage: Capability.VECTOR,
    bound.FuseStage: Capability.FUSION,
    bound.FacetStage: Capability.FACETS,
    bound.SummarizeStage: Capability.GROUPS,
    bound.FollowStage: Capability.LINKS,
    bound.PageStage: Capability.PAGES,
    bound.UnionStage: Capability.UNIONS,
    bound.LookupStage: Capability.LOOKUPS,
    bound.DiversifyStage: Capability.DIVERSITY,
    bound.PassagesStage: Capability.PASSAGES,
}


def required_capabilities(query: BoundQuery) -> frozenset[Capability]:
    """Everything that a plan needs."""
    found = set(_of_stages(query.stages))
    if isinstance(query.stages[0], bound.ScanStage) and query.stages[0].as_of:
        found.add(Capability.HISTORY)
    if query.explain == "analyze":
        found.add(Capability.ANALYZE)
    return frozenset(found)


def check_capabilities(backend: Backend, query: BoundQuery) -> None:
    missing = sorted(required_capabilities(query) - backend.capabilities)
    if missing:
        what = ", ".join(missing)
        raise CapabilityMissing(
            f"the backend {backend.name} has no {what}", "leave the stage out, or ask another backend"
        )


def _of_stages(stages: tuple[BoundStage, ...]) -> set[Capability]:
    found = {_NEEDS[type(stage)] for stage in stages if type(stage) in _NEEDS}
    for stage in stages:
        for inner in nested_pipelines(stage):
            found |= _of_stages(inner)
        if isinstance(stage, bound.MatchStage) and stage.query_text.type.kind is TypeKind.LINK:
            found.add(Capability.LIKE)
        if any(any(subqueries(expression)) for expression in stage_expressions(stage)):
            found.add(Capability.LISTS)
        if any(has_dereference(expression) for expression in stage_expressions(stage)):
            found.add(Capability.LINKS)
        if not isinstance(stage, bound.SummarizeStage) and any(
            any(window_calls(part)) for part in stage_expressions(stage)
        ):
            found.add(Capability.WINDOWS)
    return found
