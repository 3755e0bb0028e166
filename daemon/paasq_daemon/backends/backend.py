"""The interface of a backend. It gets a bound plan, whose columns all have types, and refuses what it cannot execute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from paasq_daemon.index.index_view import IndexView
from paasq_daemon.operators.capability import Capability
from paasq_daemon.plan.operator_registry import OPERATOR_BY_STAGE
from paasq_daemon.wire.answer import Answer, ColumnInfo
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import CapabilityMissing
from paasq_daemon.wire.events import Key
from paasq_daemon.wire.request import Budget
from paasq_dsl.bound import BoundQuery, RowIdentity
from paasq_dsl.values import Value


@dataclass(frozen=True)
class ExecutionInputs:
    """The inputs of one execution of a plan. `literals` by slot, `parameters` as the client gave them, `now_us` in
    microseconds since 1970 UTC, the same for a whole script.
    """

    literals: tuple[Value, ...]
    parameters: Mapping[str, Any]
    now_us: int
    budget: Budget = field(default_factory=Budget)
    cancellation: CancellationToken = field(default_factory=CancellationToken)
    plan_key: str = ""  # the plan's canonical text, for explain
    cache_hit: bool = False
    reserved_characters: int = 0  # of the answer's JSON, taken by labels that are added to what the plan answers
    after: str | None = None  # the cursor of the answer that this one follows
    view: IndexView | None = None  # what an embedded plan reads; it was compiled against this view's catalog


@dataclass(frozen=True)
class KeyedResult:
    """All rows of a query at one sequence number, by their identity, in the order of the result. Values are not encoded
    for JSON. `receipt` is the number of the newest receipt of a forget, 0 where there is none.
    """

    columns: tuple[ColumnInfo, ...]
    rows: Mapping[Key, list[Any]]
    seq: int
    now_us: int
    receipt: int = 0


class ExecutablePlan(Protocol):
    """A plan prepared once and executed many times, from any thread."""

    def execute(self, inputs: ExecutionInputs) -> Answer:
        """The result of one execution. Raises EvaluationError where a value cannot be computed with, else other PaasqErrors."""
        ...

    def time_ms_max(self, inputs: ExecutionInputs) -> float | None:
        """The time that the query gives itself. Raises EvaluationError where it is none."""
        ...

    def row_versions(self, inputs: ExecutionInputs) -> list[tuple[str, int]]:
        """(key, version) of every row: the targets of a write with a where clause. Raises LimitExceeded where some may
        be missing.
        """
        ...

    def keyed_result(
        self, inputs: ExecutionInputs, identity: RowIdentity, rows_max: int, seq: int | None
    ) -> KeyedResult:
        """All rows by their identity; at sequence number `seq` where it is given.

        Raises LimitExceeded where there are more than `rows_max`, StoreError where that sequence number cannot be read.
        """
        ...

    def fingerprint(self, inputs: ExecutionInputs) -> str:
        """18 hexadecimal digits, equal for the same query with the same literals and parameters."""
        ...


class Backend(Protocol):
    """Prepares bound queries for execution."""

    @property
    def name(self) -> str:
        """The backend's name in error messages."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What plans for this backend may need."""
        ...

    def prepare(self, query: BoundQuery) -> ExecutablePlan:
        """A plan for the query. Raises CapabilityMissing where it needs what the backend lacks."""
        ...


def required_capabilities(query: BoundQuery) -> frozenset[Capability]:
    """All capabilities that a plan needs, those of nested pipelines and subqueries included."""
    found: set[Capability] = set()
    for stage in query.properties.stages:
        spec = OPERATOR_BY_STAGE[type(stage)]
        found |= {*spec.needs, *spec.needs_of(stage)}
    if query.properties.subqueries:
        found.add(Capability.LISTS)
    if query.properties.follows_links:
        found.add(Capability.LINKS)
    if query.explain == "analyze":
        found.add(Capability.ANALYZE)
    return frozenset(found)


def check_capabilities(backend: Backend, query: BoundQuery) -> None:
    """Raises CapabilityMissing, naming what is missing, where the backend cannot execute the query."""
    missing = sorted(required_capabilities(query) - backend.capabilities)
    if missing:
        what = ", ".join(missing)
        raise CapabilityMissing(
            f"the backend {backend.name} has no {what}", "leave the stage out, or ask another backend"
        )
