"""Nearest by vector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import Ints
from paasq_daemon.index.vector_search import VectorSearcher
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import evaluate_scalar
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.context import ExecutionContext, QueryVector
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.match import with_scores
from paasq_daemon.operators.operator import LimitedOperator
from paasq_daemon.operators.row_limits import evaluate_row_count, show_limit
from paasq_daemon.operators.spec import OperatorSpec
from paasq_daemon.wire.errors import ModelMismatch
from paasq_dsl.bound import BoundExpression, NearStage
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.types import TypeKind

# The target's own share of it, once drawn to vectors. One half finds more where many rows are relevant, and loses some
# where one alone is: docs/retrieval.md.
QUERY_WEIGHT = 0.65


@dataclass(frozen=True)
class Near(LimitedOperator):
    """The rows that have a vector, by cosine. `limit` as in Match."""

    field: str
    target: BoundExpression
    exact: BoundExpression | None = None

    def execute(self, context: ExecutionContext, batch: Batch, feedback_ordinals: Ints | None = None) -> Batch:
        """`feedback_ordinals` are records whose vectors the target is moved towards."""
        source = batch.source
        if source is None or not batch.length:
            return with_scores(batch, np.zeros(batch.length))
        context.cancel.raise_if_cancelled()
        self._note_pending(context, source)
        try:
            vectors = source.vectors(self.field)
        except KeyError:  # the first vector has not come yet
            return with_scores(batch.take(np.zeros(0, np.int64)), np.zeros(0))
        field = source.collection.fields_by_name[self.field]
        query = self._query(context, source.collection, field)
        if field.source_fields:
            context.query_vector = QueryVector(source.collection, field, query)
        if feedback_ordinals is not None:
            query = _drawn(query, vectors, feedback_ordinals)
        limit = vectors.count if self.limit is None else evaluate_row_count(self.limit, context)
        exact = self.exact is not None and evaluate_scalar(self.exact, context.evaluation) is True
        nearest = vectors.search(query, min(limit, batch.length), batch.ordinal_mask, exact=exact)
        if nearest.approximate and "approximate" not in context.reasons:
            context.reasons.append("approximate")
        return with_scores(batch.select_ordinals(nearest.ordinals), nearest.scores)

    def describe(self) -> str:
        exact = f" exact={expression_text(self.exact)}" if self.exact else ""
        return f"near {self.field} to {expression_text(self.target)}{exact}{show_limit(self.limit)}"

    def _note_pending(self, context: ExecutionContext, source: CollectionView) -> None:
        field = source.collection.fields_by_name[self.field]
        if (
            field.source_fields
            and "pending" not in context.reasons
            and context.view.store.pending_vector_count(source.collection.id, field.id)
        ):
            context.reasons.append("pending")

    def _query(self, context: ExecutionContext, collection: Collection, field: Field) -> NDArray[np.float32]:
        size = field.type.dimensions
        if self.target.type.kind is TypeKind.LINK:
            return self._stored(context, field)
        value = evaluate_scalar(self.target, context.evaluation)
        if isinstance(value, str):
            if not field.source_fields:
                raise EvaluationError("PQ0737", self.target.span, field=self.field)
            return context.embed(collection, field, value)
        if not isinstance(value, list) or len(value) != size or not all(isinstance(x, (int, float)) for x in value):
            raise EvaluationError("PQ0738", self.target.span, size=size)
        with np.errstate(over="ignore"):  # what is more than a float of 32 bits is infinite, and refused
            vector = np.array(value, np.float32)
        if not np.isfinite(vector).all():
            raise EvaluationError("PQ0739", self.target.span)
        return vector

    def _stored(self, context: ExecutionContext, field: Field) -> NDArray[np.float32]:
        """The vector of the record that the target names. Its collection may be another than the one searched."""
        name, key = str(self.target.type.name), evaluate_scalar(self.target, context.evaluation)
        other = context.view.collection(name)
        like = other.collection.vector_field_like(field)
        if like is not None:
            _require_one_model(other.collection, like, field)
        ordinal = None if not isinstance(key, str) else context.view.store.ordinal(other.collection.id, key)
        try:
            found = None if ordinal is None or like is None else other.vectors(like.name).vector(ordinal)
        except KeyError:
            found = None
        if found is None:
            code = "PQ0734" if ordinal is None else "PQ0735"
            raise EvaluationError(code, self.target.span, collection=name, key=key)
        return found


def _require_one_model(collection: Collection, of_record: Field, searched: Field) -> None:
    models = of_record.embedding_model, searched.embedding_model
    if None not in models and models[0] != models[1]:
        raise ModelMismatch(
            f"the vectors of {collection.name}.{of_record.name} were made by {models[0]}, and those searched by {models[1]}",
            f"run `paasq embed {collection.name} --replace` to make them anew with the present model",
        )


def _drawn(target: NDArray[np.float32], vectors: VectorSearcher, ordinals: Ints) -> NDArray[np.float32]:
    """The target moved towards the middle of these records (Rocchio 1971), both first scaled to length 1."""
    there = [vector for ordinal in ordinals.tolist() if (vector := vectors.vector(ordinal)) is not None]
    if not there:
        return target
    own, middle = _unit(target), _unit(np.mean(there, axis=0))
    return (QUERY_WEIGHT * own + (1 - QUERY_WEIGHT) * middle).astype(np.float32)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float64]:
    wide = vector.astype(np.float64)  # in which no square of a float32 overflows
    length = float(np.linalg.norm(wide))
    return wide / length if length else wide


OPERATORS = (OperatorSpec(NearStage, lambda s, _: Near(s.field, s.target, s.exact), frozenset({Capability.VECTOR})),)
