"""The first rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.operator import Operator
from paasq_daemon.operators.row_limits import evaluate_row_count
from paasq_daemon.operators.spec import OperatorSpec
from paasq_dsl.bound import BoundExpression, TakeStage


@dataclass(frozen=True)
class Take(Operator):
    """The first `count` rows, or all where there are fewer."""

    count: BoundExpression

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        count = evaluate_row_count(self.count, context)
        if batch.length <= count:
            return batch
        context.depth_limited = False  # what a deeper look would have found comes after these
        return batch.take(np.arange(count))

    def describe(self) -> str:
        return f"take {expression_text(self.count)}"

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        return min(rows, estimator.count(self.count, rows))


OPERATORS = (OperatorSpec(TakeStage, lambda s, _: Take(s.count)),)
