"""How many rows each operator is expected to give, from the statistics of columns.

The guesses are the textbook ones (Selinger et al. 1979): values spread evenly, conditions independent. They are shown by
explain beside the actual counts; what runs adapts to the counts themselves, which are known when it matters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column_statistics import ColumnStatistics
from paasq_daemon.index.indexes import IndexView
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import EvaluationContext, evaluate_scalar, is_scalar
from paasq_daemon.operators.cite import Cite
from paasq_daemon.operators.collapse import Collapse
from paasq_daemon.operators.context import Operator
from paasq_daemon.operators.distinct import Distinct
from paasq_daemon.operators.diversify import Diversify
from paasq_daemon.operators.drop import Drop
from paasq_daemon.operators.expand import Expand
from paasq_daemon.operators.facet import Facet
from paasq_daemon.operators.filter import Filter
from paasq_daemon.operators.follow import Follow
from paasq_daemon.operators.fuse import Fuse
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
from paasq_daemon.operators.union import Union
from paasq_daemon.operators.window import Window
from paasq_dsl.bound import BoundExpression, ColumnRef, FunctionCall, Subquery
from paasq_dsl.values import Value

DEFAULT_SELECTIVITY = 1 / 3  # of a condition that statistics say nothing about
MATCH_SELECTIVITY = 0.1  # of the rows that have some word of a match
DEFAULT_SUBQUERY_ROWS = 3  # values that are asked for
DEFAULT_LIST_LENGTH = 3  # of a list, as nothing is counted of them


@dataclass(frozen=True)
class CardinalityEstimator:
    """`subquery_rows`: how many values are expected of each pipeline in brackets; what is not known yet is taken for a few."""

    view: IndexView
    values: EvaluationContext
    subquery_rows: dict[Subquery, float] = field(default_factory=dict)

    def rows(self, operators: Sequence[Operator]) -> list[int]:
        """One number for each operator."""
        rows, source = 0.0, None
        found: list[int] = []
        for operator in operators:
            if isinstance(operator, Scan):
                source = self.view.collection(operator.collection.name)
            rows = _ESTIMATES[type(operator)](self, operator, rows, source)
            found.append(round(rows))
        return found

    def selectivity(self, condition: BoundExpression, source: CollectionView | None) -> float:
        """The share of rows, 0 to 1, for which a condition is expected to hold."""
        if not isinstance(condition, FunctionCall) or source is None:
            return DEFAULT_SELECTIVITY
        parts = condition.arguments
        match condition.function:
            case "and":
                share = 1.0
                for part in parts:
                    share *= self.selectivity(part, source)
                return share
            case "or":
                missed = 1.0
                for part in parts:
                    missed *= 1 - self.selectivity(part, source)
                return 1 - missed
            case "not":
                return 1 - self.selectivity(parts[0], source)
            case "==" | "has":
                return self._equal(parts, source)
            case "!=":
                return 1 - self._equal(parts, source)
            case "in" | "has any":
                return self._among(parts, source)
            case "<" | "<=" | ">" | ">=":
                return self._beside(condition.function, parts, source)
            case _:
                return DEFAULT_SELECTIVITY

    def count(self, bound: BoundExpression | int | None, otherwise: float) -> float:
        """The number that `bound` states; `otherwise` where there is none, or it cannot be evaluated before the run."""
        if bound is None or isinstance(bound, int):
            return otherwise if bound is None else bound
        value = self._scalar(bound)
        return value if isinstance(value, (int, float)) else otherwise

    def count_or_share(self, bound: BoundExpression, rows: float) -> float:
        """As `count`, a float being a share of `rows`."""
        found = self.count(bound, rows)
        return found * rows if isinstance(found, float) else found

    def _scalar(self, bound: BoundExpression) -> Value:
        try:
            return evaluate_scalar(bound, self.values)
        except EvaluationError:
            return None

    def groups(self, keys: Sequence[BoundExpression], source: CollectionView | None) -> float:
        """How many combinations of values the keys are expected to have."""
        groups = 1.0
        for key in keys:
            statistics = self.statistics(key, source) if source else None
            groups *= statistics.distinct if statistics else 10
        return groups

    def statistics(self, bound: BoundExpression, source: CollectionView) -> ColumnStatistics | None:
        """Those of the column that the expression names; None where it is no column, or nothing is known of it."""
        try:
            return source.statistics(bound.name) if isinstance(bound, ColumnRef) else None
        except KeyError:
            return None

    def _equal(self, parts: Sequence[BoundExpression], source: CollectionView) -> float:
        statistics = self.statistics(parts[0], source)
        if statistics is None or not statistics.rows:
            return DEFAULT_SELECTIVITY
        if is_scalar(parts[1]) and self._scalar(parts[1]) is None:
            return statistics.nulls / statistics.rows
        return (1 - statistics.nulls / statistics.rows) / max(statistics.distinct, 1)

    def _among(self, parts: Sequence[BoundExpression], source: CollectionView) -> float:
        right = parts[1]
        if isinstance(right, FunctionCall) and right.function == "..":
            low = self._beside(">=", (parts[0], right.arguments[0]), source)
            high = self._beside("<", (parts[0], right.arguments[1]), source)
            return max(low + high - 1, 0.0)
        values = self._scalar(right) if is_scalar(right) and not isinstance(right, Subquery) else None
        count = len(values) if isinstance(values, list) else self._listed(right)
        return min(1.0, count * self._equal((parts[0], parts[0]), source))

    def _listed(self, values: BoundExpression) -> float:
        return (
            self.subquery_rows.get(values, DEFAULT_SUBQUERY_ROWS)
            if isinstance(values, Subquery)
            else DEFAULT_SUBQUERY_ROWS
        )

    def _beside(self, operator: str, parts: Sequence[BoundExpression], source: CollectionView) -> float:
        statistics = self.statistics(parts[0], source)
        value = self._scalar(parts[1]) if is_scalar(parts[1]) else None
        if statistics is None or not isinstance(value, (int, float)):
            return DEFAULT_SELECTIVITY
        low, high = statistics.minimum, statistics.maximum
        if not isinstance(low, (int, float)) or not isinstance(high, (int, float)) or low == high:
            return DEFAULT_SELECTIVITY
        below = min(max((value - low) / (high - low), 0.0), 1.0)
        share = below if operator.startswith("<") else 1 - below
        return share * (1 - statistics.nulls / max(statistics.rows, 1))


def _scan(e: CardinalityEstimator, operator: Scan, _: float, source: CollectionView | None) -> float:
    share = 1.0
    for condition in operator.conditions:
        share *= e.selectivity(condition, source)
    return share * (source.live_count if source else 0)


def _filter(e: CardinalityEstimator, operator: Filter, rows: float, source: CollectionView | None) -> float:
    for condition in operator.conditions:
        rows *= e.selectivity(condition, source)
    return rows


def _match(e: CardinalityEstimator, operator: Match, rows: float, _: CollectionView | None) -> float:
    return min(rows * MATCH_SELECTIVITY, e.count(operator.limit, rows))


def _limited(e: CardinalityEstimator, operator: Near | Sort | Rerank, rows: float, _: CollectionView | None) -> float:
    return min(rows, e.count(operator.limit, rows))


def _fuse(e: CardinalityEstimator, operator: Fuse, rows: float, source: CollectionView | None) -> float:
    total = 0.0
    for branch in operator.branches:
        inside = rows
        for part in branch.operators:
            inside = _ESTIMATES[type(part)](e, part, inside, source)
        total = max(total, inside) + min(total, inside) / 2
    return min(total, rows)


def _summarize(e: CardinalityEstimator, operator: Summarize, rows: float, source: CollectionView | None) -> float:
    return min(e.groups([key.value for key in operator.keys], source), rows) if operator.keys else 1


def _distinct(e: CardinalityEstimator, operator: Distinct, rows: float, source: CollectionView | None) -> float:
    return min(rows, e.groups(operator.keys, source))


def _union(e: CardinalityEstimator, operator: Union, rows: float, _: CollectionView | None) -> float:
    return rows + sum(e.rows(p.operators)[-1] for p in operator.pipelines)


def _collapse(e: CardinalityEstimator, operator: Collapse, rows: float, source: CollectionView | None) -> float:
    statistics = e.statistics(operator.value, source) if source else None
    return min(rows, e.count(operator.keep, 1) * statistics.distinct if statistics else rows)


def _same(_e: CardinalityEstimator, _o: Operator, rows: float, _s: CollectionView | None) -> float:
    return rows


_ESTIMATES: dict[type, Callable[[CardinalityEstimator, Any, float, CollectionView | None], float]] = {
    Scan: _scan,
    Filter: _filter,
    Match: _match,
    Near: _limited,
    Sort: _limited,
    Fuse: _fuse,
    Take: lambda e, o, rows, _: min(rows, e.count(o.count, rows)),
    Page: lambda e, o, rows, _: min(rows, e.count(o.size, rows)),
    Project: _same,
    Window: _same,
    Facet: _same,
    Summarize: _summarize,
    Follow: _same,
    Drop: _same,
    Rename: _same,
    LookupJoin: _same,
    Skip: lambda e, o, rows, _: max(rows - e.count(o.count, 0), 0),
    Sample: lambda e, o, rows, _: min(rows, e.count_or_share(o.count, rows)),
    Distinct: _distinct,
    Expand: lambda _e, _o, rows, _s: rows * DEFAULT_LIST_LENGTH,
    Union: _union,
    Rerank: _limited,
    Collapse: _collapse,
    Diversify: _same,
    Passages: lambda e, o, rows, _: rows * e.count(o.most, 1),
    Cite: _same,
    ResultBudget: lambda e, o, rows, _: min(rows, e.count(o.rows, rows)),
}
