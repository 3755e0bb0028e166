"""Breadth first along a link field."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import Column, FlatColumn, Ints, ListColumn
from paasq_daemon.kernels.errors import EvaluationError, shown
from paasq_daemon.kernels.evaluate import evaluate_scalar
from paasq_daemon.operators.batch import Batch, SortKey
from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.column_fetch import fetch_column
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.link_traversal import linked_ordinals
from paasq_daemon.operators.operator import Operator
from paasq_daemon.operators.spec import OperatorSpec, PipelinePlanner
from paasq_dsl.bound import BoundExpression, FollowStage, FunctionCall
from paasq_dsl.catalog import Collection
from paasq_dsl.types import INT

DEPTH_MAX = 100


@dataclass(frozen=True)
class Follow(Operator):
    """The records that `field` leads to from the rows, each once, with the fewest steps to it as `_depth`; by depth, then in
    the order they were written. Where the field leads back, a start is found again at the depth of the shortest way round."""

    field: str
    target: Collection
    depth: BoundExpression | None

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        nearest, farthest = self._depths(context)
        target = context.view.collection(self.target.name)
        depths = np.zeros(target.length, np.int64)  # 0: not yet reached
        if batch.source is None or batch.ordinals is None:
            return Batch(0, target, np.zeros(0, np.int64))
        links: Column = batch.column(self.field)
        for depth in range(1, farthest + 1):
            context.cancel.raise_if_cancelled()
            if depth > nearest and context.deadline_near():
                break
            flat = links.items if isinstance(links, ListColumn) else links
            reached = np.unique(linked_ordinals(context.view, target, flat))
            fresh = reached[(reached >= 0)]
            fresh = fresh[depths[fresh] == 0]
            if not len(fresh):
                break
            depths[fresh] = depth
            links = fetch_column(target, self.field, fresh) if depth < farthest else links
        return _by_depth(target, depths, nearest)

    def describe(self) -> str:
        return f"follow {self.field} to {self.target.name}" + (
            f" depth {expression_text(self.depth)}" if self.depth else ""
        )

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        del estimator  # nothing is counted of links
        return rows

    def _depths(self, context: ExecutionContext) -> tuple[int, int]:
        if self.depth is None:
            return 1, 1
        if isinstance(self.depth, FunctionCall) and self.depth.function == "..":
            ends = [evaluate_scalar(end, context.evaluation) for end in self.depth.arguments]
        else:
            ends = [evaluate_scalar(self.depth, context.evaluation)] * 2
        low, high = (e if isinstance(e, int) and not isinstance(e, bool) else -1 for e in ends)
        if not 1 <= low <= high <= DEPTH_MAX:
            found = "..".join(map(shown, ends)) if ends[0] != ends[1] else shown(ends[0])
            raise EvaluationError("PQ0719", self.depth.span, most=DEPTH_MAX, found=found)
        return low, high


def _by_depth(target: CollectionView, depths: Ints, nearest: int) -> Batch:
    ordinals = np.flatnonzero(depths >= nearest)
    ordinals = ordinals[np.argsort(depths[ordinals], kind="stable")]
    column = FlatColumn(INT, depths[ordinals])
    order = (SortKey(column, descending=False),)
    return Batch(len(ordinals), target, ordinals, {"_depth": column}, order)


def _build(stage: FollowStage, _: PipelinePlanner) -> Follow:
    assert stage.schema.collection is not None
    return Follow(stage.field, stage.schema.collection, stage.depth)


OPERATORS = (OperatorSpec(FollowStage, _build, frozenset({Capability.LINKS})),)
