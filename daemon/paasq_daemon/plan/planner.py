"""Bound stages to operators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from paasq_daemon.operators.cite import Cite
from paasq_daemon.operators.collapse import Collapse
from paasq_daemon.operators.context import CANDIDATES_DEPTH, Operator
from paasq_daemon.operators.distinct import Distinct
from paasq_daemon.operators.diversify import Diversify
from paasq_daemon.operators.drop import Drop
from paasq_daemon.operators.expand import Expand
from paasq_daemon.operators.facet import Facet
from paasq_daemon.operators.filter import Filter
from paasq_daemon.operators.follow import Follow
from paasq_daemon.operators.fuse import Branch, Fuse
from paasq_daemon.operators.init_plan import InitPlan
from paasq_daemon.operators.lookup_join import LookupJoin
from paasq_daemon.operators.match import Match
from paasq_daemon.operators.near import Near
from paasq_daemon.operators.page import Page
from paasq_daemon.operators.passages import Passages
from paasq_daemon.operators.project import Project
from paasq_daemon.operators.rename import Rename
from paasq_daemon.operators.rerank import Rerank
from paasq_daemon.operators.result_budget import ResultBudget
from paasq_daemon.operators.sample import Sample
from paasq_daemon.operators.scan import Scan
from paasq_daemon.operators.skip import Skip
from paasq_daemon.operators.sort import Sort
from paasq_daemon.operators.summarize import Summarize
from paasq_daemon.operators.take import Take
from paasq_daemon.operators.union import Union, UnionBranch
from paasq_daemon.operators.window import Window
from paasq_daemon.plan.query_fingerprint import QueryFingerprint, fingerprint
from paasq_daemon.plan.rules import apply_rules
from paasq_daemon.plan.rules.merge_filters import split_conjunction
from paasq_dsl import bound
from paasq_dsl.bound import BoundExpression, BoundQuery, BoundStage, Schema, Subquery
from paasq_dsl.bound.traversal import input_pipelines, stage_expressions, subqueries, window_calls
from paasq_dsl.catalog import SYSTEM_COLUMNS

LIMIT_OPERATORS = (Match, Near, Sort, Rerank)  # operators that find the first rows cheaper than all
ROW_PRESERVING = (Project, Drop, Rename, LookupJoin)  # operators that leave the rows as they are


@dataclass(frozen=True)
class PhysicalPlan:
    """`schema` says which columns the answer has; `fingerprint` is one for all pages of a query. `init_plans` are the pipelines
    in its expressions, which are run first, in this order."""

    operators: tuple[Operator, ...]
    schema: Schema
    fingerprint: QueryFingerprint
    init_plans: tuple[InitPlan, ...]


def make_physical_plan(query: BoundQuery) -> PhysicalPlan:
    """Rewrites the stages by the rules, and builds an operator for each, and an init plan for each subquery."""
    stages = apply_rules(query.stages)
    listings = tuple(_listings(stages, {}).values())
    return PhysicalPlan(_operators(stages), query.schema, fingerprint(query.stages), listings)


def _listings(stages: tuple[BoundStage, ...], found: dict[Subquery, InitPlan]) -> dict[Subquery, InitPlan]:
    """Equal ones are run once, one that stands in another before it."""
    for stage in stages:
        for branch in input_pipelines(stage):
            _listings(branch, found)
        for value in (value for expression in stage_expressions(stage) for value in subqueries(expression)):
            if value not in found:
                _listings(value.stages, found)
                found[value] = InitPlan(value, _operators(apply_rules(value.stages)))
    return found


def _operators(stages: tuple[BoundStage, ...]) -> tuple[Operator, ...]:
    operators: list[Operator] = []
    for stage in stages:
        before = operators[-1] if operators else None
        if isinstance(stage, bound.WhereStage) and isinstance(before, Scan):
            operators[-1] = replace(before, conditions=(*before.conditions, *split_conjunction(stage.predicate)))
            continue
        if isinstance(stage, bound.TakeStage):
            _push_limit(operators, stage)
        operators.append(_BUILDERS[type(stage)](stage))
    return tuple(operators)


def _push_limit(operators: list[Operator], take: bound.TakeStage) -> None:
    """What ranks need not rank more than a take behind it keeps, as long as only columns are made in between."""
    at = len(operators) - 1
    while at >= 0 and isinstance(operators[at], ROW_PRESERVING):
        at -= 1
    if at >= 0 and isinstance(found := operators[at], LIMIT_OPERATORS) and found.limit is None:
        operators[at] = replace(found, limit=take.count)


def _projected(project: Project, keys: tuple[BoundExpression, ...] = ()) -> Project | Window:
    return Window(project, keys) if any(any(window_calls(item.value)) for item in project.items) else project


def _fuse(stage: bound.FuseStage) -> Fuse:
    branches = tuple(_branch(branch) for branch in stage.branches)
    return Fuse(stage.method, branches, stage.k, stage.weights, stage.feedback_documents)


def _branch(branch: bound.FuseBranch) -> Branch:
    operators = list(_operators(apply_rules(branch.stages)))
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


def _union(stage: bound.UnionStage) -> Union:
    pipelines = tuple(UnionBranch(_operators(apply_rules(stages)), _names(stages)) for stages in stage.pipelines)
    return Union(frozenset(stage.input_columns), pipelines, {c.name: c.type for c in stage.schema.columns})


def _names(stages: tuple[BoundStage, ...]) -> frozenset[str]:
    return frozenset(stages[-1].schema.columns_by_name)


def _lookup(stage: bound.LookupStage) -> LookupJoin:
    fields = (*stage.collection.fields_by_name, *SYSTEM_COLUMNS)
    known = stage.schema.columns_by_name
    names = tuple((f"{stage.name}.{f}", f) for f in fields if f"{stage.name}.{f}" in known)
    return LookupJoin(stage.collection, stage.field, stage.value, stage.comparison_type, stage.many, names)


def _passages(stage: bound.PassagesStage) -> Passages:
    return Passages(stage.field, stage.schema.columns_by_name["passage"].type, stage.max_per_row)


def _cite(stage: bound.CiteStage) -> Cite:
    assert stage.schema.collection is not None
    return Cite(stage.schema.collection.name, stage.cites_passage)


_BUILDERS: dict[type, Callable[[Any], Operator]] = {
    bound.ScanStage: _scan,
    bound.WhereStage: lambda s: Filter(split_conjunction(s.predicate)),
    bound.MatchStage: lambda s: Match(s.fields, s.query_text, s.minimum_should_match),
    bound.NearStage: lambda s: Near(s.field, s.target, s.exact),
    bound.FuseStage: _fuse,
    bound.SortStage: lambda s: Sort(s.keys),
    bound.TakeStage: lambda s: Take(s.count),
    bound.PageStage: lambda s: Page(s.size, s.after),
    bound.SelectStage: lambda s: _projected(Project(s.items, "select")),
    bound.ExtendStage: lambda s: _projected(Project(s.items, "extend"), s.partition_keys),
    bound.FacetStage: lambda s: Facet(s.facets),
    bound.SummarizeStage: lambda s: Summarize(s.aggregates, s.keys, s.fill, s.fill_method),
    bound.FollowStage: _follow,
    bound.DropStage: lambda s: Drop(s.names),
    bound.RenameStage: lambda s: Rename(s.names),
    bound.SkipStage: lambda s: Skip(s.count),
    bound.DistinctStage: lambda s: Distinct(s.keys),
    bound.ExpandStage: lambda s: Expand(s.column, s.name, s.span),
    bound.SampleStage: lambda s: Sample(s.count, s.seed),
    bound.UnionStage: _union,
    bound.LookupStage: _lookup,
    bound.PassagesStage: _passages,
    bound.CiteStage: _cite,
    bound.BudgetStage: lambda s: ResultBudget(s.tokens, s.time, s.rows),
    bound.RerankStage: lambda s: Rerank(s.value),
    bound.CollapseStage: lambda s: Collapse(s.value, s.max_per_value),
    bound.DiversifyStage: lambda s: Diversify(s.field, s.mmr_lambda, s.candidate_count),
}
