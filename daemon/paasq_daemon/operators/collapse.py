"""The first rows of each value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasq_daemon.index.column import Ints, Mask
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import evaluate
from paasq_daemon.kernels.sort_keys import dense_ranks
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.operator import Operator
from paasq_daemon.operators.row_limits import evaluate_row_count
from paasq_daemon.operators.spec import OperatorSpec
from paasq_dsl.bound import BoundExpression, CollapseStage


@dataclass(frozen=True)
class Collapse(Operator):
    """The order stays."""

    value: BoundExpression
    keep: BoundExpression | None = None

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        context.cancel.raise_if_cancelled()
        keep = 1 if self.keep is None else evaluate_row_count(self.keep, context)
        if self.keep is not None and keep == 0:
            raise EvaluationError("PQ0711", self.keep.span, stage="collapse", found=keep)
        codes, _ = dense_ranks(evaluate(self.value, batch, context.evaluation))
        return batch.filter(_first_of_each(codes, keep))

    def describe(self) -> str:
        return f"collapse {expression_text(self.value)}" + (f" keep {expression_text(self.keep)}" if self.keep else "")

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        statistics = estimator.statistics(self.value)
        return min(rows, estimator.count(self.keep, 1) * statistics.distinct if statistics else rows)


def _first_of_each(codes: Ints, keep: int) -> Mask:
    """Which rows are among the first `keep` of their code."""
    together = np.argsort(codes, kind="stable")
    grouped = codes[together]
    starts = np.searchsorted(grouped, grouped)
    mask = np.zeros(len(codes), np.bool_)
    mask[together[np.arange(len(codes)) - starts < keep]] = True
    return mask


OPERATORS = (OperatorSpec(CollapseStage, lambda s, _: Collapse(s.value, s.max_per_value)),)
