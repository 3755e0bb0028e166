"""What the answer may cost."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.kernels.errors import EvaluationError, shown
from paasq_daemon.kernels.evaluate import EvaluationContext, evaluate_scalar
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.operator import Operator
from paasq_daemon.operators.spec import OperatorSpec
from paasq_daemon.wire.request import Budget as Limits
from paasq_dsl.bound import BoundExpression, BudgetStage
from paasq_dsl.values import Duration


@dataclass(frozen=True)
class ResultBudget(Operator):
    """Stands last, and lets all rows through: its limits hold from the start of the run, and the answer is cut to them."""

    tokens: BoundExpression | None
    time: BoundExpression | None
    rows: BoundExpression | None

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        context.cancel.raise_if_cancelled()
        return batch

    def describe(self) -> str:
        named = (("tokens", self.tokens), ("time", self.time), ("rows", self.rows))
        return "budget " + ", ".join(f"{name} {expression_text(value)}" for name, value in named if value)

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        return min(rows, estimator.count(self.rows, rows))

    def evaluate_limits(self, values: EvaluationContext) -> Limits:
        """Raises EvaluationError where a value is no limit."""
        return Limits(_time_ms(self.time, values), _count(self.rows, values), _count(self.tokens, values))


def _count(bound: BoundExpression | None, values: EvaluationContext) -> int | None:
    if bound is None:
        return None
    count = evaluate_scalar(bound, values)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise EvaluationError("PQ0720", bound.span, found=shown(count))
    return count


def _time_ms(bound: BoundExpression | None, values: EvaluationContext) -> float | None:
    if bound is None:
        return None
    length = evaluate_scalar(bound, values)
    if not isinstance(length, Duration) or length.months or length.micros <= 0:
        raise EvaluationError("PQ0721", bound.span, found="null" if length is None else length)
    return length.micros / 1000


OPERATORS = (OperatorSpec(BudgetStage, lambda s, _: ResultBudget(s.tokens, s.time, s.rows)),)
