"""Several rankings of the same rows as one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Column, Flat, Ints
from paasq_daemon.kernels.errors import KernelError, shown
from paasq_daemon.kernels.evaluate import scalar
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.match import Match, scored
from paasq_daemon.operators.near import Near
from paasq_daemon.operators.run import CANDIDATES_DEPTH, Operator, Run
from paasq_daemon.operators.show import show
from paasq_dsl.bound import Bound
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
    def by_words(self) -> bool:
        """Are its scores BM25? They are those of its last retrieval."""
        retrievals = [operator for operator in self.operators if isinstance(operator, (Match, Near, Fuse))]
        return isinstance(retrievals[-1], Match)

    @property
    def by_sense(self) -> bool:
        return any(isinstance(operator, Near) for operator in self.operators)


@dataclass(frozen=True)
class Fuse:
    method: str
    branches: tuple[Branch, ...]
    k: Bound | None = None
    weights: Bound | None = None
    feedback: Bound | None = None

    def run(self, run: Run, batch: Batch) -> Batch:
        ranked = [self._ranked(run, batch, branch) for branch in self.branches]
        if batch.source is None:
            return scored(batch, np.zeros(batch.length))
        fused = self._fused(run, batch, ranked)
        assert fused.ordinals is not None
        best = fused.ordinals[: self._feedback(run)]
        if len(best) and not run.short_of_time():
            again = [
                self._ranked(run, batch, branch, best) if branch.by_sense else rows
                for branch, rows in zip(self.branches, ranked, strict=True)
            ]
            fused = self._fused(run, batch, again)
        return fused

    def describe(self) -> str:
        options = "".join(
            f" {name}={show(value)}"
            for name, value in (("k", self.k), ("weights", self.weights), ("feedback", self.feedback))
            if value
        )
        return f"fuse {self.method}{options}"

    def _fused(self, run: Run, batch: Batch, ranked: list[Batch]) -> Batch:
        weights = self._weights(run)
        ordinals = np.unique(
            np.concatenate([r.ordinals for r in ranked if r.ordinals is not None] or [np.zeros(0, np.int64)])
        )
        total = np.zeros(len(ordinals))
        columns: dict[str, Column] = {}
        for branch, rows, weight in zip(self.branches, ranked, weights, strict=True):
            scores, ranks = _aligned(ordinals, rows)
            columns[f"_score.{branch.name}"] = Flat(FLOAT, scores, ranks > 0)
            columns[f"_rank.{branch.name}"] = Flat(INT, ranks, ranks > 0)
            total += weight * self._part(run, branch, scores, ranks)
        best = np.lexsort((ordinals, -total))
        rows = batch.at(ordinals[best]).extended({name: column.take(best) for name, column in columns.items()})
        return scored(rows, total[best])

    def _ranked(self, run: Run, batch: Batch, branch: Branch, drawn_to: Ints | None = None) -> Batch:
        for operator in branch.operators:
            batch = operator.run(run, batch, drawn_to) if isinstance(operator, Near) else operator.run(run, batch)
        if not branch.limited and batch.length > CANDIDATES_DEPTH:
            run.depth_cut = True
            batch = batch.take(np.arange(CANDIDATES_DEPTH))
        return batch

    def _feedback(self, run: Run) -> int:
        """How many rows draw near to them: 0 where nothing would come of it."""
        if self.feedback is None or not any(branch.by_sense for branch in self.branches):
            return 0
        count = scalar(self.feedback, run.values)
        if not isinstance(count, int) or not 0 <= count <= FEEDBACK_MAX:
            raise KernelError("PQ0714", self.feedback.span, most=FEEDBACK_MAX, found=shown(count))
        return count

    def _weights(self, run: Run) -> list[float]:
        if self.weights is None:
            return [1.0] * len(self.branches)
        values = scalar(self.weights, run.values)
        if not isinstance(values, list) or len(values) != len(self.branches):
            names = ", ".join(branch.name for branch in self.branches)
            raise KernelError("PQ0417", self.weights.span, count=len(self.branches), branches=names)
        numbers = [float(v) for v in values if isinstance(v, (int, float))]
        if len(numbers) != len(values) or not np.isfinite(numbers).all():
            raise KernelError("PQ0715", self.weights.span, found=shown(values))
        return numbers

    def _part(self, run: Run, branch: Branch, scores: NDArray[np.float64], ranks: Ints) -> NDArray[np.float64]:
        """What a branch adds to each row: 0 where it does not have the row."""
        there = ranks > 0
        if self.method == "rrf":
            k = RRF_K if self.k is None else _number(scalar(self.k, run.values), self.k)
            return np.where(there, 1 / (k + np.maximum(ranks, 1)), 0.0)
        # BM25 has no scale of its own: divided by the query's best it runs to 1, as a cosine does.
        best = float(scores.max(initial=0.0)) if branch.by_words else 1.0
        return np.where(there, scores / best if best > 0 else scores, 0.0)


def _number(value: object, bound: Bound) -> float:
    if not isinstance(value, (int, float)) or not value >= 0:
        raise KernelError("PQ0716", bound.span, found=shown(value))
    return float(value)


def _aligned(ordinals: Ints, rows: Batch) -> tuple[NDArray[np.float64], Ints]:
    """The scores and ranks (from 1; 0 where the branch has not the row) of the rows by ordinal, ascending."""
    scores = np.zeros(len(ordinals))
    ranks = np.zeros(len(ordinals), np.int64)
    if rows.length and rows.ordinals is not None:
        places = np.searchsorted(ordinals, rows.ordinals)
        column = rows.column("_score")
        assert isinstance(column, Flat)
        scores[places] = column.values
        ranks[places] = np.arange(1, rows.length + 1)
    return scores, ranks
