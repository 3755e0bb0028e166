"""Bound stages to operators."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from paasq_daemon.operators.filter import Filter
from paasq_daemon.operators.init_plan import InitPlan
from paasq_daemon.operators.operator import LimitedOperator, Operator
from paasq_daemon.operators.page import Page
from paasq_daemon.operators.result_budget import ResultBudget
from paasq_daemon.operators.scan import Scan
from paasq_daemon.plan.operator_registry import OPERATOR_BY_STAGE
from paasq_daemon.plan.query_fingerprint import QueryFingerprint, fingerprint
from paasq_daemon.plan.rules import apply_rules
from paasq_daemon.wire.answer import ColumnInfo
from paasq_dsl.bound import BoundQuery, BoundStage, Schema, TakeStage, WhereStage


@dataclass(frozen=True)
class PhysicalPlan:
    """`schema` says which columns the answer has; `fingerprint` is one for all pages of a query. `init_plans` are the pipelines
    in its expressions, which are run first, in this order."""

    operators: tuple[Operator, ...]
    schema: Schema
    fingerprint: QueryFingerprint
    init_plans: tuple[InitPlan, ...]

    @cached_property
    def columns(self) -> tuple[ColumnInfo, ...]:
        """Those of the answer, as it names them."""
        return tuple(ColumnInfo(name, str(type_)) for name, type_ in self.schema.result_types.items())

    @cached_property
    def page(self) -> Page | None:
        """The page that the text asks for."""
        return next((each for each in self.operators if isinstance(each, Page)), None)

    @cached_property
    def budget(self) -> ResultBudget | None:
        """The limits that the text itself sets; they are its last stage."""
        last = self.operators[-1]
        return last if isinstance(last, ResultBudget) else None


def make_physical_plan(query: BoundQuery) -> PhysicalPlan:
    """Rewrites the stages by the rules, and builds an operator for each, and an init plan for each subquery."""
    init_plans = tuple(InitPlan(each, _plan_pipeline(each.stages)) for each in query.properties.subqueries)
    return PhysicalPlan(_plan_pipeline(query.stages), query.schema, fingerprint(query), init_plans)


def _plan_pipeline(stages: tuple[BoundStage, ...]) -> tuple[Operator, ...]:
    operators: list[Operator] = []
    for stage in apply_rules(stages):
        before = operators[-1] if operators else None
        if isinstance(stage, WhereStage) and isinstance(before, (Scan, Filter)):
            operators[-1] = replace(before, conditions=(*before.conditions, stage.predicate))
            continue
        if isinstance(stage, TakeStage):
            _push_limit(operators, stage)
        operators.append(OPERATOR_BY_STAGE[type(stage)].build(stage, _plan_pipeline))
    return tuple(operators)


def _push_limit(operators: list[Operator], take: TakeStage) -> None:
    """What ranks need not rank more than a take after it keeps, as long as only columns are made in between."""
    at = len(operators) - 1
    while at >= 0 and operators[at].commutes_with_limit:
        at -= 1
    if at >= 0 and isinstance(found := operators[at], LimitedOperator) and found.limit is None:
        operators[at] = replace(found, limit=take.count)
