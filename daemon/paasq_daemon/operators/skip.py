"""All rows but the first."""

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
from paasq_dsl.bound import BoundExpression, SkipStage


@dataclass(frozen=True)
class Skip(Operator):
    """Drops the first `count` rows; no row is left where there are not more."""

    count: BoundExpression

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        return batch.take(np.arange(min(evaluate_row_count(self.count, context), batch.length), batch.length))

    def describe(self) -> str:
        return f"skip {expression_text(self.count)}"

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        return max(rows - estimator.count(self.count, 0), 0)


OPERATORS = (OperatorSpec(SkipStage, lambda s, _: Skip(s.count)),)
