"""The live records of a collection, those that pass a filter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import Column, Ints, Mask
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.evaluate import columns_of, evaluate_mask
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.column_fetch import is_stored_apart
from paasq_daemon.operators.context import Run
from paasq_daemon.operators.expression_text import show
from paasq_dsl.bound import Bound
from paasq_dsl.catalog import Collection


@dataclass(frozen=True)
class WholeColumns:
    """A collection's columns at full length, the dead rows in them: no gather before a filter has chosen."""

    source: CollectionView

    @property
    def length(self) -> int:
        return self.source.length

    def column(self, name: str) -> Column:
        return self.source.column(name)

    def take(self, rows: Ints) -> Batch:
        return Batch(len(rows), self.source, rows)


@dataclass(frozen=True)
class Scan:
    """`conditions` must all hold. Those over columns run on whole columns first; those that read records run on what is
    left."""

    collection: Collection
    conditions: tuple[Bound, ...] = ()

    def run(self, run: Run, batch: Batch) -> Batch:
        source = run.view.collection(self.collection.name)
        mask = source.alive
        for condition in self.conditions:
            if not reads_records(condition, self.collection):
                run.cancel.check()
                mask = mask & _holds(condition, source, run)
        ordinals = np.flatnonzero(mask)
        batch = Batch(len(ordinals), source, ordinals)
        for condition in self.conditions:
            if reads_records(condition, self.collection):
                run.cancel.check()
                batch = batch.keep(evaluate_mask(condition, batch, run.values))
        return batch

    def describe(self) -> str:
        conditions = " and ".join(show(c) for c in self.conditions)
        return f"scan {self.collection.name}" + (f" where {conditions}" if conditions else "")


def _holds(condition: Bound, source: CollectionView, run: Run) -> Mask:
    """Where the condition is true, bool[source.length]. What can't be computed with counts in live rows only."""
    try:
        return evaluate_mask(condition, WholeColumns(source), run.values)
    except KernelError:
        if source.live_count == source.length:
            raise
    live = np.flatnonzero(source.alive)
    mask = np.zeros(source.length, np.bool_)
    mask[live] = evaluate_mask(condition, Batch(len(live), source, live), run.values)
    return mask


def reads_records(condition: Bound, collection: Collection) -> bool:
    fields = (collection.by_name.get(name) for name in columns_of(condition))
    return any(field is not None and is_stored_apart(field) for field in fields)
