"""What a pipeline reads and depends on, collected in one walk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from paasq_dsl.bound.expressions import (
    BoundExpression,
    ColumnRef,
    Constant,
    Dereference,
    FunctionCall,
    MomentRef,
    ParameterRef,
    Subquery,
)
from paasq_dsl.bound.schema import BoundStage
from paasq_dsl.bound.stages import BudgetStage, LookupStage, MatchStage, NearStage, PageStage, RenameStage
from paasq_dsl.bound.traversal import input_pipelines, stage_expressions, walk_expression
from paasq_dsl.functions import time
from paasq_dsl.types import TypeKind

_CLOCK_FUNCTIONS = frozenset(function.name for function in time.FUNCTIONS if function.depends_on_run)


@dataclass(frozen=True, slots=True)
class PlanProperties:
    """The properties of a pipeline, those of all pipelines inside it included.

    `stages` are all; `subqueries` are the different ones, each after those nested in it. The rows depend on the records
    of `collections_read`, and where `time_dependent` on when they are asked for. `literal_slots` and `parameters`, ascending,
    are those that the rows depend on: the ones of page and budget, which only say how many are answered at once, are left out.
    `reads_confirmations`: the rows depend on when records were confirmed, of which no past is kept.
    """

    stages: tuple[BoundStage, ...]
    subqueries: tuple[Subquery, ...]
    collections_read: frozenset[str]
    literal_slots: tuple[int, ...]
    parameters: tuple[str, ...]
    time_dependent: bool
    follows_links: bool
    reads_confirmations: bool


def plan_properties(stages: Sequence[BoundStage]) -> PlanProperties:
    """The properties of a pipeline, computed anew: `BoundQuery.properties` keeps them."""
    collector = _PropertyCollector()
    paging = [stage for stage in stages if isinstance(stage, (PageStage, BudgetStage))]
    collector.add_pipeline(stage for stage in stages if not isinstance(stage, (PageStage, BudgetStage)))
    slots, parameters = tuple(sorted(collector.literal_slots)), tuple(sorted(collector.parameters))
    collector.add_pipeline(paging)
    return PlanProperties(
        tuple(collector.stages),
        tuple(collector.subqueries),
        frozenset(collector.collections_read),
        slots,
        parameters,
        collector.time_dependent,
        collector.follows_links,
        collector.reads_confirmations,
    )


class _PropertyCollector:
    def __init__(self) -> None:
        self.stages: list[BoundStage] = []
        self.subqueries: dict[Subquery, None] = {}  # in order; equal ones once
        self.collections_read: set[str] = set()
        self.literal_slots: set[int] = set()
        self.parameters: set[str] = set()
        self.time_dependent = False
        self.follows_links = False
        self.reads_confirmations = False

    def add_pipeline(self, stages: Iterable[BoundStage]) -> None:
        for stage in stages:
            self.stages.append(stage)
            self._add_collections(stage)
            if isinstance(stage, LookupStage):
                self.reads_confirmations |= _is_confirmation(stage.field)
            if isinstance(stage, RenameStage):
                self.reads_confirmations |= any(_is_confirmation(old) for _, old in stage.names)
            for inner in input_pipelines(stage):
                self.add_pipeline(inner)
            for expression in stage_expressions(stage):
                for part in walk_expression(expression):
                    self._add_expression(part)

    def _add_collections(self, stage: BoundStage) -> None:
        if stage.schema.collection is not None:
            self.collections_read.add(stage.schema.collection.name)
        match stage:
            case LookupStage(collection=collection):
                self.collections_read.add(collection.name)
            case NearStage(target=record) | MatchStage(query_text=record) if record.type.kind is TypeKind.LINK:
                self.collections_read.add(str(record.type.name))
            case _:
                pass

    def _add_expression(self, part: BoundExpression) -> None:
        match part:
            case Constant(slot=slot) if slot >= 0:
                self.literal_slots.add(slot)
            case ParameterRef(name=name):
                self.parameters.add(name)
            case MomentRef():
                self.time_dependent = True
            case FunctionCall(function=function) if function in _CLOCK_FUNCTIONS:
                self.time_dependent = True
            case ColumnRef(name=name) if _is_confirmation(name):
                self.reads_confirmations = True
            case Dereference(collection=collection, name=name):
                self.follows_links = True
                self.collections_read.add(collection)
                self.reads_confirmations |= _is_confirmation(name)
            case Subquery(stages=stages) if part not in self.subqueries:
                self.add_pipeline(stages)
                self.subqueries[part] = None
            case _:
                pass


def _is_confirmation(name: str) -> bool:
    """Of the rows' own records, or of those that a lookup found."""
    return name.rpartition(".")[2] == "_confirmed"
