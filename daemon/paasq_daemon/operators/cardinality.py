"""How many rows each operator is expected to give, from the statistics of columns.

The guesses are the textbook ones (Selinger et al. 1979): values spread evenly, conditions independent. They are shown by
explain beside the actual counts; what runs adapts to the counts themselves, which are known when it matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column_statistics import ColumnStatistics
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import EvaluationContext, evaluate_scalar, is_scalar
from paasq_dsl.bound import BoundExpression, ColumnRef, FunctionCall, Subquery
from paasq_dsl.values import Value

DEFAULT_SELECTIVITY = 1 / 3  # of a condition that statistics say nothing about
DEFAULT_SUBQUERY_ROWS = 3  # values that are asked for


@dataclass(frozen=True)
class CardinalityEstimator:
    """`subquery_rows`: how many values are expected of each pipeline in brackets; what is not known yet is taken for a few.
    `source` is the collection whose statistics tell of the columns, None before one is scanned."""

    view: IndexView
    values: EvaluationContext
    subquery_rows: dict[Subquery, float] = field(default_factory=dict)
    source: CollectionView | None = None

    def selectivity(self, condition: BoundExpression) -> float:
        """The share of rows, 0 to 1, for which a condition is expected to hold."""
        if not isinstance(condition, FunctionCall) or self.source is None:
            return DEFAULT_SELECTIVITY
        parts = condition.arguments
        match condition.function:
            case "and":
                share = 1.0
                for part in parts:
                    share *= self.selectivity(part)
                return share
            case "or":
                missed = 1.0
                for part in parts:
                    missed *= 1 - self.selectivity(part)
                return 1 - missed
            case "not":
                return 1 - self.selectivity(parts[0])
            case "==" | "has":
                return self._equal(parts)
            case "!=":
                return 1 - self._equal(parts)
            case "in" | "has any":
                return self._among(parts)
            case "<" | "<=" | ">" | ">=":
                return self._beside(condition.function, parts)
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

    def groups(self, keys: Sequence[BoundExpression]) -> float:
        """How many combinations of values the keys are expected to have."""
        groups = 1.0
        for key in keys:
            statistics = self.statistics(key)
            groups *= statistics.distinct if statistics else 10
        return groups

    def statistics(self, bound: BoundExpression) -> ColumnStatistics | None:
        """Those of the column that the expression names; None where it is no column, or nothing is known of it."""
        try:
            return self.source.statistics(bound.name) if self.source and isinstance(bound, ColumnRef) else None
        except KeyError:
            return None

    def _equal(self, parts: Sequence[BoundExpression]) -> float:
        statistics = self.statistics(parts[0])
        if statistics is None or not statistics.rows:
            return DEFAULT_SELECTIVITY
        if is_scalar(parts[1]) and self._scalar(parts[1]) is None:
            return statistics.nulls / statistics.rows
        return (1 - statistics.nulls / statistics.rows) / max(statistics.distinct, 1)

    def _among(self, parts: Sequence[BoundExpression]) -> float:
        right = parts[1]
        if isinstance(right, FunctionCall) and right.function == "..":
            low = self._beside(">=", (parts[0], right.arguments[0]))
            high = self._beside("<", (parts[0], right.arguments[1]))
            return max(low + high - 1, 0.0)
        values = self._scalar(right) if is_scalar(right) and not isinstance(right, Subquery) else None
        count = len(values) if isinstance(values, list) else self._listed(right)
        return min(1.0, count * self._equal((parts[0], parts[0])))

    def _listed(self, values: BoundExpression) -> float:
        return (
            self.subquery_rows.get(values, DEFAULT_SUBQUERY_ROWS)
            if isinstance(values, Subquery)
            else DEFAULT_SUBQUERY_ROWS
        )

    def _beside(self, operator: str, parts: Sequence[BoundExpression]) -> float:
        statistics = self.statistics(parts[0])
        value = self._scalar(parts[1]) if is_scalar(parts[1]) else None
        if statistics is None or not isinstance(value, (int, float)):
            return DEFAULT_SELECTIVITY
        low, high = statistics.minimum, statistics.maximum
        if not isinstance(low, (int, float)) or not isinstance(high, (int, float)) or low == high:
            return DEFAULT_SELECTIVITY
        below = min(max((value - low) / (high - low), 0.0), 1.0)
        share = below if operator.startswith("<") else 1 - below
        return share * (1 - statistics.nulls / max(statistics.rows, 1))
