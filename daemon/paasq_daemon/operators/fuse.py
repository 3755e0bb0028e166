"""Several rankings of the same rows as one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Column, FlatColumn, Ints
from paasq_daemon.kernels.errors import EvaluationError, shown
from paasq_daemon.kernels.evaluate import evaluate_scalar
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.context import CANDIDATES_DEPTH, ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.match import Match, with_scores
from paasq_daemon.operators.near import Near
from paasq_daemon.operators.operator import InnerPipeline, Operator, estimate_pipeline
from paasq_daemon.operators.spec import OperatorSpec, PipelinePlanner
from paasq_dsl.bound import BoundExpression, FuseBranch, FuseStage, TakeStage
from paasq_dsl.types import FLOAT, INT

RRF_K = 60.0  # Cormack, Clarke and Büttcher 2009
FEEDBACK_MAX = 100  # rows; each costs a vector to read


@dataclass(frozen=True)
class Branch:
    """`limited`: does the text itself bound the branch?"""

    name: str
    operators: tuple[Operator, ...]
    limited: bool

    @property
    def is_text_search(self) -> bool:
        """Are its scores BM25? They are those of its last retrieval."""
        retrievals = [operator for operator in self.operators if isinstance(operator, (Match, Near, Fuse))]
        return isinstance(retrievals[-1], Match)

    @property
    def is_vector_search(self) -> bool:
        """Does it search by vector? Then feedback can improve it."""
        return any(isinstance(operator, Near) for operator in self.operators)


@dataclass(frozen=True)
class Fuse(Operator):
    """Runs every branch on the same rows, and ranks the union of their results by a weighted sum of what each branch adds.

    `method` is `rrf` (reciprocal rank fusion, 1 / (`k` + rank), `RRF_K` where none is given) or `linear` (the score, that of
    a text search divided by the branch's best). Sets `_score`, and for each branch `_score.<branch>` and `_rank.<branch>`
    (from 1), null where the branch does not have the row. `feedback` rows from the top move the target of the vector
    searches, which then run once more. Equal scores are ordered by ordinal.
    """

    method: str
    branches: tuple[Branch, ...]
    k: BoundExpression | None = None
    weights: BoundExpression | None = None
    feedback: BoundExpression | None = None

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        ranked = [self._ranked(context, batch, branch) for branch in self.branches]
        if batch.source is None:
            return with_scores(batch, np.zeros(batch.length))
        fused = self._fused(context, batch, ranked)
        assert fused.ordinals is not None
        best = fused.ordinals[: self._feedback(context)]
        if len(best) and not context.deadline_near():
            again = [
                self._ranked(context, batch, branch, best) if branch.is_vector_search else rows
                for branch, rows in zip(self.branches, ranked, strict=True)
            ]
            fused = self._fused(context, batch, again)
        return fused

    def describe(self) -> str:
        options = "".join(
            f" {name}={expression_text(value)}"
            for name, value in (("k", self.k), ("weights", self.weights), ("feedback", self.feedback))
            if value
        )
        return f"fuse {self.method}{options}"

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        total = 0.0
        for branch in self.branches:
            found = estimate_pipeline(branch.operators, estimator, rows)[-1]
            total = max(total, found) + min(total, found) / 2
        return min(total, rows)

    @property
    def inner_pipelines(self) -> tuple[InnerPipeline, ...]:
        return tuple((branch.name, branch.operators) for branch in self.branches)

    def _fused(self, context: ExecutionContext, batch: Batch, ranked: list[Batch]) -> Batch:
        weights = self._weights(context)
        ordinals = np.unique(
            np.concatenate([r.ordinals for r in ranked if r.ordinals is not None] or [np.zeros(0, np.int64)])
        )
        total = np.zeros(len(ordinals))
        columns: dict[str, Column] = {}
        for branch, rows, weight in zip(self.branches, ranked, weights, strict=True):
            scores, ranks = _aligned(ordinals, rows)
            columns[f"_score.{branch.name}"] = FlatColumn(FLOAT, scores, ranks > 0)
            columns[f"_rank.{branch.name}"] = FlatColumn(INT, ranks, ranks > 0)
            total += weight * self._part(context, branch, scores, ranks)
        best = np.lexsort((ordinals, -total))
        rows = batch.select_ordinals(ordinals[best]).with_columns(
            {name: column.take(best) for name, column in columns.items()}
        )
        return with_scores(rows, total[best])

    def _ranked(self, context: ExecutionContext, batch: Batch, branch: Branch, drawn_to: Ints | None = None) -> Batch:
        for operator in branch.operators:
            batch = (
                operator.execute(context, batch, drawn_to)
                if isinstance(operator, Near)
                else operator.execute(context, batch)
            )
        if not branch.limited and batch.length > CANDIDATES_DEPTH:
            context.depth_limited = True
            batch = batch.take(np.arange(CANDIDATES_DEPTH))
        return batch

    def _feedback(self, context: ExecutionContext) -> int:
        """How many rows draw near to them: 0 where nothing would come of it."""
        if self.feedback is None or not any(branch.is_vector_search for branch in self.branches):
            return 0
        count = evaluate_scalar(self.feedback, context.evaluation)
        if not isinstance(count, int) or not 0 <= count <= FEEDBACK_MAX:
            raise EvaluationError("PQ0714", self.feedback.span, most=FEEDBACK_MAX, found=shown(count))
        return count

    def _weights(self, context: ExecutionContext) -> list[float]:
        if self.weights is None:
            return [1.0] * len(self.branches)
        values = evaluate_scalar(self.weights, context.evaluation)
        if not isinstance(values, list) or len(values) != len(self.branches):
            names = ", ".join(branch.name for branch in self.branches)
            raise EvaluationError("PQ0417", self.weights.span, count=len(self.branches), branches=names)
        numbers = [float(v) for v in values if isinstance(v, (int, float))]
        if len(numbers) != len(values) or not np.isfinite(numbers).all():
            raise EvaluationError("PQ0715", self.weights.span, found=shown(values))
        return numbers

    def _part(
        self, context: ExecutionContext, branch: Branch, scores: NDArray[np.float64], ranks: Ints
    ) -> NDArray[np.float64]:
        """What a branch adds to each row: 0 where it does not have the row."""
        there = ranks > 0
        if self.method == "rrf":
            k = RRF_K if self.k is None else _number(evaluate_scalar(self.k, context.evaluation), self.k)
            return np.where(there, 1 / (k + np.maximum(ranks, 1)), 0.0)
        # BM25 has no scale of its own: divided by the query's best it runs to 1, as a cosine does.
        best = float(scores.max(initial=0.0)) if branch.is_text_search else 1.0
        return np.where(there, scores / best if best > 0 else scores, 0.0)


def _number(value: object, bound: BoundExpression) -> float:
    if not isinstance(value, (int, float)) or not value >= 0:
        raise EvaluationError("PQ0716", bound.span, found=shown(value))
    return float(value)


def _aligned(ordinals: Ints, rows: Batch) -> tuple[NDArray[np.float64], Ints]:
    """The scores and ranks (from 1; 0 where the branch has not the row) of the rows by ordinal, ascending."""
    scores = np.zeros(len(ordinals))
    ranks = np.zeros(len(ordinals), np.int64)
    if rows.length and rows.ordinals is not None:
        places = np.searchsorted(ordinals, rows.ordinals)
        column = rows.column("_score")
        assert isinstance(column, FlatColumn)
        scores[places] = column.values
        ranks[places] = np.arange(1, rows.length + 1)
    return scores, ranks


def _build(stage: FuseStage, plan_pipeline: PipelinePlanner) -> Fuse:
    branches = tuple(_branch(branch, plan_pipeline) for branch in stage.branches)
    return Fuse(stage.method, branches, stage.k, stage.weights, stage.feedback_documents)


def _branch(branch: FuseBranch, plan_pipeline: PipelinePlanner) -> Branch:
    operators = plan_pipeline(branch.stages)
    limited = any(isinstance(stage, TakeStage) for stage in branch.stages)
    last = operators[-1]
    if not limited and isinstance(last, (Match, Near)):
        # one more than the depth, so that fuse can tell whether the depth cut anything
        operators = (*operators[:-1], replace(last, limit=CANDIDATES_DEPTH + 1))
    return Branch(branch.name, operators, limited)


OPERATORS = (OperatorSpec(FuseStage, _build, frozenset({Capability.FUSION})),)
