"""A ranking in which rows of one meaning are not adjacent."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import FlatColumn, Ints
from paasq_daemon.kernels.errors import EvaluationError, shown
from paasq_daemon.kernels.evaluate import evaluate_scalar
from paasq_daemon.kernels.operands import null_mask
from paasq_daemon.operators.batch import Batch, SortKey
from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.operator import RowPreservingOperator
from paasq_daemon.operators.row_limits import evaluate_row_count
from paasq_daemon.operators.spec import OperatorSpec
from paasq_dsl.bound import BoundExpression, DiversifyStage
from paasq_dsl.types import INT

BALANCE = 0.7
DEPTH = 100  # rows that are ordered anew
DEPTH_MAX = 1_000  # a tenth of a second


@dataclass(frozen=True)
class Diversify(RowPreservingOperator):
    """Maximal marginal relevance (Carbonell and Goldstein 1998) over `field`.

    Of the first `depth` rows those with a vector and a score change places among themselves; every other row keeps its own.
    """

    field: str
    balance: BoundExpression | None = None
    depth: BoundExpression | None = None

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        context.cancel.raise_if_cancelled()
        balance, depth = self._balance(context), self._depth(context)
        if batch.source is None or batch.ordinals is None or not batch.length:
            return batch
        scores = batch.column("_score")
        assert isinstance(scores, FlatColumn)
        ranked = np.flatnonzero(~null_mask(scores)[:depth])
        vectors, places = _vectors(batch.source, self.field, batch.ordinals, ranked)
        order = np.arange(batch.length)
        order[places] = places[mmr_order(scores.values[places], vectors, balance)]
        moved = batch.take(order)
        return replace(moved, order=(SortKey(FlatColumn(INT, np.arange(batch.length)), descending=False),))

    def describe(self) -> str:
        options = "".join(
            f" {name}={expression_text(value)}"
            for name, value in (("lambda", self.balance), ("depth", self.depth))
            if value
        )
        return f"diversify {self.field}{options}"

    def _balance(self, context: ExecutionContext) -> float:
        if self.balance is None:
            return BALANCE
        value = evaluate_scalar(self.balance, context.evaluation)
        if not isinstance(value, (int, float)) or not 0 <= value <= 1:
            raise EvaluationError("PQ0717", self.balance.span, found=shown(value))
        return float(value)

    def _depth(self, context: ExecutionContext) -> int:
        if self.depth is None:
            return DEPTH
        depth = evaluate_row_count(self.depth, context)
        if depth > DEPTH_MAX:
            raise EvaluationError("PQ0718", self.depth.span, most=f"{DEPTH_MAX:,}", found=f"{depth:,}")
        return depth


def mmr_order(scores: NDArray[np.float64], vectors: NDArray[np.float32], balance: float) -> Ints:
    """The rows in the order in which each has the greatest balance * score - (1 - balance) * (its greatest cosine with
    one before it); of equal ones the earlier row first. The scores are first brought to 0..1, which makes the balance mean
    the same for BM25, cosines and ranks. `vectors` are of unit length.
    """
    count = len(scores)
    low, span = scores.min(initial=np.inf), np.ptp(scores) if count else 0.0
    relevance = balance * ((scores - low) / span if span > 0 else np.ones(count))
    nearest = np.full(count, -np.inf)
    chosen = np.zeros(count, np.int64)
    left = np.ones(count, np.bool_)
    for i in range(count):
        value = relevance if i == 0 else relevance - (1 - balance) * nearest
        best = int(np.argmax(np.where(left, value, -np.inf)))
        chosen[i], left[best] = best, False
        nearest = np.maximum(nearest, np.vecdot(vectors, vectors[best]))
    return chosen


def _vectors(source: CollectionView, field: str, ordinals: Ints, places: Ints) -> tuple[NDArray[np.float32], Ints]:
    """The vectors of the rows at these places that have one, and their places."""
    try:
        view = source.vectors(field)
    except KeyError:  # the first vector has not come yet
        return np.zeros((0, 1), np.float32), places[:0]
    found = [view.vector(ordinal) for ordinal in ordinals[places].tolist()]
    there = np.array([vector is not None for vector in found], np.bool_)
    rows = [vector for vector in found if vector is not None]
    return np.array(rows, np.float32).reshape(len(rows), view.size), places[there]


OPERATORS = (
    OperatorSpec(
        DiversifyStage,
        lambda s, _: Diversify(s.field, s.mmr_lambda, s.candidate_count),
        frozenset({Capability.DIVERSITY}),
    ),
)
