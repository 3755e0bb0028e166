"""Bound stages to operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from paasq_daemon.operators.facet import Facet
from paasq_daemon.operators.filter import Filter
from paasq_daemon.operators.follow import Follow
from paasq_daemon.operators.fuse import Branch, Fuse
from paasq_daemon.operators.match import Match
from paasq_daemon.operators.near import Near
from paasq_daemon.operators.page import Page
from paasq_daemon.operators.project import Project
from paasq_daemon.operators.run import CANDIDATES_DEPTH, Operator
from paasq_daemon.operators.scan import Scan
from paasq_daemon.operators.sort import Sort
from paasq_daemon.operators.summarize import Summarize
from paasq_daemon.operators.take import Take
from paasq_daemon.plan.fingerprint import Fingerprint, fingerprint
from paasq_daemon.plan.rules import rewrite
from paasq_daemon.plan.rules.merge_filters import conjuncts
from paasq_dsl import bound
from paasq_dsl.bound import BoundQuery, BoundStage, Schema

Limited = (Match, Near, Sort)  # operators that find the first rows cheaper than all


@dataclass(frozen=True)
class PhysicalPlan:
    """`schema` says which columns the answer has; `fingerprint` is one for all pages of a query."""

    operators: tuple[Operator, ...]
    schema: Schema
    fingerprint: Fingerprint


def physical_plan(query: BoundQuery) -> PhysicalPlan:
    stages = rewrite(query.stages)
    return PhysicalPlan(_operators(stages), query.schema, fingerprint(query.stages))


def _operators(stages: tuple[BoundStage, ...]) -> tuple[Operator, ...]:
    operators: list[Operator] = []
    for stage in stages:
        before = operators[-1] if operators else None
        if isinstance(stage, bound.WhereStage) and isinstance(before, Scan):
            operators[-1] = replace(before, conditions=(*before.conditions, *conjuncts(stage.predicate)))
            continue
        if isinstance(stage, bound.TakeStage):
            _push_limit(operators, stage)
        operators.append(_BUILDERS[type(stage)](stage))
    return tuple(operators)


def _push_limit(operators: list[Operator], take: bound.TakeStage) -> None:
    """What ranks need not rank more than a take behind it keeps, as long as only columns are made in between."""
    at = len(operators) - 1
    while at >= 0 and isinstance(operators[at], Project):
        at -= 1
    if at >= 0 and isinstance(found := operators[at], Limited) and found.limit is None:
        operators[at] = replace(found, limit=take.count)


def _fuse(stage: bound.FuseStage) -> Fuse:
    branches = tuple(_branch(branch) for branch in stage.branches)
    return Fuse(stage.method, branches, stage.k, stage.weights, stage.feedback)


def _branch(branch: bound.FuseBranch) -> Branch:
    operators = list(_operators(rewrite(branch.stages)))
    limited = any(isinstance(stage, bound.TakeStage) for stage in branch.stages)
    last = operators[-1]
    if not limited and isinstance(last, (Match, Near)):
        # one more than the depth, so that fuse can tell whether the depth cut anything
        operators[-1] = replace(last, limit=CANDIDATES_DEPTH + 1)
    return Branch(branch.name, tuple(operators), limited)


def _scan(stage: bound.ScanStage) -> Scan:
    assert stage.schema.collection is not None
    return Scan(stage.schema.collection)


def _follow(stage: bound.FollowStage) -> Follow:
    assert stage.schema.collection is not None
    return Follow(stage.field, stage.schema.collection, stage.depth)


_BUILDERS: dict[type, Callable[[Any], Operator]] = {
    bound.ScanStage: _scan,
    bound.WhereStage: lambda s: Filter(conjuncts(s.predicate)),
    bound.MatchStage: lambda s: Match(s.fields, s.words),
    bound.NearStage: lambda s: Near(s.field, s.target, s.exact),
    bound.FuseStage: _fuse,
    bound.SortStage: lambda s: Sort(s.keys),
    bound.TakeStage: lambda s: Take(s.count),
    bound.PageStage: lambda s: Page(s.size, s.after),
    bound.SelectStage: lambda s: Project(s.items, "select"),
    bound.ExtendStage: lambda s: Project(s.items, "extend"),
    bound.FacetStage: lambda s: Facet(s.facets),
    bound.SummarizeStage: lambda s: Summarize(s.aggregates, s.keys, s.fill),
    bound.FollowStage: _follow,
}
