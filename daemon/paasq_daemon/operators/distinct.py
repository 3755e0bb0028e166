"""One row of those that are equal."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from paasq_daemon.kernels.aggregate.grouping import group_rows
from paasq_daemon.kernels.evaluate import evaluate, referenced_columns
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.operator import Operator
from paasq_daemon.operators.spec import OperatorSpec
from paasq_dsl.bound import BoundExpression, DistinctStage


@dataclass(frozen=True)
class Distinct(Operator):
    """The first of each, in the order of the rows."""

    keys: tuple[BoundExpression, ...]

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        if not batch.length:
            return batch
        context.cancel.raise_if_cancelled()
        batch.prefetch(self._columns_read)
        groups = group_rows([evaluate(key, batch, context.evaluation) for key in self.keys], batch.length)
        return batch.take(np.sort(groups.first_rows))

    def describe(self) -> str:
        return f"distinct by {', '.join(expression_text(key) for key in self.keys)}"

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        return min(rows, estimator.groups(self.keys))

    @cached_property
    def _columns_read(self) -> frozenset[str]:
        return referenced_columns(*self.keys)


OPERATORS = (OperatorSpec(DistinctStage, lambda s, _: Distinct(s.keys)),)
