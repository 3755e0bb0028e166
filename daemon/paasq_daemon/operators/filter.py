"""The rows for which conditions hold."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from paasq_daemon.kernels.evaluate import evaluate_mask, referenced_columns
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.operator import Operator
from paasq_daemon.operators.spec import OperatorSpec
from paasq_dsl.bound import BoundExpression, WhereStage


@dataclass(frozen=True)
class Filter(Operator):
    """Keeps the rows for which every condition is true: null is not. Each condition is evaluated on what passed the last."""

    conditions: tuple[BoundExpression, ...]

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        for condition, columns in zip(self.conditions, self._columns_read, strict=True):
            context.cancel.raise_if_cancelled()
            batch.prefetch(columns)
            batch = batch.filter(evaluate_mask(condition, batch, context.evaluation))
        return batch

    def describe(self) -> str:
        return "filter " + " and ".join(expression_text(c) for c in self.conditions)

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        for condition in self.conditions:
            rows *= estimator.selectivity(condition)
        return rows

    @cached_property
    def _columns_read(self) -> tuple[frozenset[str], ...]:
        return tuple(map(referenced_columns, self.conditions))


OPERATORS = (OperatorSpec(WhereStage, lambda s, _: Filter((s.predicate,))),)
