"""The live records of a collection, those that pass a filter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import Column, Ints, Mask
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import evaluate_mask, referenced_columns
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.column_fetch import needs_record_read
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.operator import Operator
from paasq_daemon.operators.spec import OperatorSpec, PipelinePlanner
from paasq_dsl.bound import BoundExpression, ScanStage
from paasq_dsl.catalog import Collection


@dataclass(frozen=True)
class FullColumns:
    """A collection's columns at full length, the dead rows in them: no gather before a filter has chosen."""

    source: CollectionView

    @property
    def length(self) -> int:
        """The number of ordinals, those of deleted records included."""
        return self.source.length

    def column(self, name: str) -> Column:
        return self.source.column(name)

    def take(self, rows: Ints) -> Batch:
        """These rows by ordinal (int64), as a batch."""
        return Batch(len(rows), self.source, rows)


@dataclass(frozen=True)
class Scan(Operator):
    """`conditions` must all hold. Those over columns run on whole columns first; those that read records run on what is
    left."""

    collection: Collection
    conditions: tuple[BoundExpression, ...] = ()

    @cached_property
    def column_conditions(self) -> tuple[BoundExpression, ...]:
        """Those that read no more than columns held in memory."""
        return tuple(c for c in self.conditions if not reads_records(c, self.collection))

    @cached_property
    def record_conditions(self) -> tuple[BoundExpression, ...]:
        """Those that read the records."""
        return tuple(c for c in self.conditions if reads_records(c, self.collection))

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        source = context.view.collection(self.collection.name)
        mask = source.live
        for condition in self.column_conditions:
            context.cancel.raise_if_cancelled()
            mask = mask & _holds(condition, source, context)
        ordinals = np.flatnonzero(mask)
        batch = Batch(len(ordinals), source, ordinals)
        for condition in self.record_conditions:
            context.cancel.raise_if_cancelled()
            batch.prefetch(referenced_columns(condition))
            batch = batch.filter(evaluate_mask(condition, batch, context.evaluation))
        return batch

    def describe(self) -> str:
        conditions = " and ".join(expression_text(c) for c in self.conditions)
        return f"scan {self.collection.name}" + (f" where {conditions}" if conditions else "")

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        del rows
        assert estimator.source is not None
        share = 1.0
        for condition in self.conditions:
            share *= estimator.selectivity(condition)
        return share * estimator.source.live_count

    @property
    def scanned_collection(self) -> Collection:
        return self.collection


def _holds(condition: BoundExpression, source: CollectionView, context: ExecutionContext) -> Mask:
    """Where the condition is true, bool[source.length]. What can't be computed with counts in live rows only."""
    try:
        return evaluate_mask(condition, FullColumns(source), context.evaluation)
    except EvaluationError:
        if source.live_count == source.length:
            raise
    live = np.flatnonzero(source.live)
    mask = np.zeros(source.length, np.bool_)
    mask[live] = evaluate_mask(condition, Batch(len(live), source, live), context.evaluation)
    return mask


def reads_records(condition: BoundExpression, collection: Collection) -> bool:
    """Whether a column that the condition reads is stored in the records only (`needs_record_read`)."""
    fields = (collection.fields_by_name.get(name) for name in referenced_columns(condition))
    return any(field is not None and needs_record_read(field) for field in fields)


def _build(stage: ScanStage, _: PipelinePlanner) -> Scan:
    assert stage.schema.collection is not None
    return Scan(stage.schema.collection)


def _needs_of(stage: ScanStage) -> Iterator[Capability]:
    if stage.as_of is not None:
        yield Capability.HISTORY


OPERATORS = (OperatorSpec(ScanStage, _build, needs_of=_needs_of),)
