"""Nearest by vector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Ints
from paasq_daemon.index.vectors import VectorView
from paasq_daemon.index.view import CollectionView
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.evaluate import scalar
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.limits import count_of, show_limit
from paasq_daemon.operators.match import scored
from paasq_daemon.operators.run import Run
from paasq_daemon.operators.show import show
from paasq_dsl.bound import Bound
from paasq_dsl.types import Kind

# The target's own share of it, once drawn to vectors. One half finds more where many rows are relevant, and loses some
# where one alone is: docs/retrieval.md.
SHARE_OF_TARGET = 0.65


@dataclass(frozen=True)
class Near:
    """The rows that have a vector, by cosine. `limit` as in Match."""

    field: str
    target: Bound
    exact: Bound | None = None
    limit: Bound | int | None = None

    def run(self, run: Run, batch: Batch, drawn_to: Ints | None = None) -> Batch:
        """`drawn_to` are ordinals whose vectors draw the target to them."""
        source = batch.source
        if source is None or not batch.length:
            return scored(batch, np.zeros(batch.length))
        run.cancel.check()
        self._note_pending(run, source)
        try:
            vectors = source.vectors(self.field)
        except KeyError:  # the first vector has not come yet
            return scored(batch.take(np.zeros(0, np.int64)), np.zeros(0))
        query = self._query(run, source)
        if source.collection.by_name[self.field].sources:
            run.sense = query
        if drawn_to is not None:
            query = _drawn(query, vectors, drawn_to)
        limit = vectors.count if self.limit is None else count_of(self.limit, run)
        exact = self.exact is not None and scalar(self.exact, run.values) is True
        nearest = vectors.search(query, min(limit, batch.length), batch.mask, exact=exact)
        if nearest.approximate and "approximate" not in run.reasons:
            run.reasons.append("approximate")
        return scored(batch.at(nearest.ordinals), nearest.scores)

    def describe(self) -> str:
        exact = f" exact={show(self.exact)}" if self.exact else ""
        return f"near {self.field} to {show(self.target)}{exact}{show_limit(self.limit)}"

    def _note_pending(self, run: Run, source: CollectionView) -> None:
        field = source.collection.by_name[self.field]
        if (
            field.sources
            and "pending" not in run.reasons
            and run.view.store.pending_count(source.collection.id, field.id)
        ):
            run.reasons.append("pending")

    def _query(self, run: Run, source: CollectionView) -> NDArray[np.float32]:
        size = source.collection.by_name[self.field].type.size
        if self.target.type.kind is Kind.LINK:
            return self._stored(run)
        value = scalar(self.target, run.values)
        if isinstance(value, str):
            if not source.collection.by_name[self.field].sources:
                raise KernelError("PQ0737", self.target.span, field=self.field)
            return run.embed(value)
        if not isinstance(value, list) or len(value) != size or not all(isinstance(x, (int, float)) for x in value):
            raise KernelError("PQ0738", self.target.span, size=size)
        with np.errstate(over="ignore"):  # what is more than a float of 32 bits is infinite, and refused
            vector = np.array(value, np.float32)
        if not np.isfinite(vector).all():
            raise KernelError("PQ0739", self.target.span)
        return vector

    def _stored(self, run: Run) -> NDArray[np.float32]:
        """The vector of the record that the target names. Its collection may be another than the one searched."""
        name, key = str(self.target.type.name), scalar(self.target, run.values)
        other = run.view.collection(name)
        field = self.field if self.field in other.collection.by_name else other.collection.of_kind(Kind.VECTOR)[0].name
        ordinal = None if not isinstance(key, str) else run.view.store.ordinal(other.collection.id, key)
        try:
            found = None if ordinal is None else other.vectors(field).vector(ordinal)
        except KeyError:
            found = None
        if found is None:
            code = "PQ0734" if ordinal is None else "PQ0735"
            raise KernelError(code, self.target.span, collection=name, key=key)
        return found


def _drawn(target: NDArray[np.float32], vectors: VectorView, ordinals: Ints) -> NDArray[np.float32]:
    """The target moved towards the middle of these records (Rocchio 1971), both first scaled to length 1."""
    there = [vector for ordinal in ordinals.tolist() if (vector := vectors.vector(ordinal)) is not None]
    if not there:
        return target
    own, middle = _unit(target), _unit(np.mean(there, axis=0))
    return (SHARE_OF_TARGET * own + (1 - SHARE_OF_TARGET) * middle).astype(np.float32)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float64]:
    wide = vector.astype(np.float64)  # in which no square of a float32 overflows
    length = float(np.linalg.norm(wide))
    return wide / length if length else wide
