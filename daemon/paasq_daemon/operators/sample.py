"""Rows chosen at random, the same for the same seed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.kernels.errors import EvaluationError, shown
from paasq_daemon.kernels.evaluate import evaluate_scalar
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.operator import Operator
from paasq_daemon.operators.row_limits import evaluate_row_count
from paasq_daemon.operators.spec import OperatorSpec
from paasq_dsl.bound import BoundExpression, SampleStage

Hashes = NDArray[np.uint64]


@dataclass(frozen=True)
class Sample(Operator):
    """The rows with the smallest hashes of the seed and their hidden key, in their order. So a row's luck does not hang on
    the other rows, and a smaller sample is part of a larger one. Without a seed it is the sequence number of the view.
    """

    count: BoundExpression
    seed: BoundExpression | None

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        count = self._count(context, batch.length)
        if batch.length <= count:
            return batch
        drawn = splitmix64(np.array([self._seed(context)], np.int64).astype(np.uint64))
        for tie in batch.tiebreakers or (np.arange(batch.length),):
            drawn = splitmix64(drawn ^ tie.astype(np.uint64))
        return batch.take(np.sort(np.argsort(drawn, kind="stable")[:count]))

    def describe(self) -> str:
        return f"sample {expression_text(self.count)}" + (f" seed {expression_text(self.seed)}" if self.seed else "")

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        return min(rows, estimator.count_or_share(self.count, rows))

    def _count(self, context: ExecutionContext, rows: int) -> int:
        """A float is a share of the rows, of which the nearest number is kept."""
        value = evaluate_scalar(self.count, context.evaluation)
        if not isinstance(value, float):
            return evaluate_row_count(self.count, context)
        if not 0 <= value <= 1:
            raise EvaluationError("PQ0712", self.count.span, found=f"{value:g}")
        return math.floor(value * rows + 0.5)

    def _seed(self, context: ExecutionContext) -> int:
        if self.seed is None:
            return context.view.seq
        seed = evaluate_scalar(self.seed, context.evaluation)
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise EvaluationError("PQ0713", self.seed.span, found=shown(seed))
        return seed


def splitmix64(words: Hashes) -> Hashes:
    """Each number as one that looks like chance: the finalizer of SplitMix64 (Steele, Lea and Flood 2014)."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


OPERATORS = (OperatorSpec(SampleStage, lambda s, _: Sample(s.count, s.seed)),)
