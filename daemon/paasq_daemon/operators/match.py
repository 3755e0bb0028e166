"""Full text: the rows that match, best first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import FlatColumn
from paasq_daemon.index.text_documents import text_fields
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import evaluate_scalar
from paasq_daemon.operators.batch import Batch, SortKey
from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.operator import LimitedOperator
from paasq_daemon.operators.row_limits import evaluate_row_count, show_limit
from paasq_daemon.operators.spec import OperatorSpec
from paasq_dsl.bound import BoundExpression, Constant, MatchStage
from paasq_dsl.syntax.match_query import MatchQuery, MatchQueryError, parse_match_query
from paasq_dsl.types import FLOAT, TypeKind

SELECTIVITY = 0.1  # of the rows that have some word of a match
PASTED_CHARACTERS_MAX = 200_000  # of a text with too many words, among which the most telling are chosen


@dataclass(frozen=True)
class Match(LimitedOperator):
    """Without `fields` all text fields are searched as one. `limit` bounds the rows where what follows needs no more; the
    rows and their order stay the same."""

    fields: tuple[tuple[str, float], ...]
    words: BoundExpression
    min_should_match: BoundExpression | None = None

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        if batch.source is None or not batch.length:
            return with_scores(batch, np.zeros(batch.length))
        context.cancel.raise_if_cancelled()
        mask = batch.ordinal_mask
        if self.words.type.kind is TypeKind.LINK:
            context.match, own = self._like(context, batch.source)
            if own is not None:
                mask = batch.source.live.copy() if mask is None else mask
                mask[own] = False
        else:
            context.match = self._asked(context, batch.source)
        limit = None if self.limit is None else evaluate_row_count(self.limit, context)
        least = 0 if self.min_should_match is None else evaluate_row_count(self.min_should_match, context)
        hits = batch.source.text.search(context.match, dict(self.fields), limit, mask, min_should_match=least)
        return with_scores(batch.select_ordinals(hits.ordinals), hits.scores)

    def describe(self) -> str:
        named = ", ".join(name if weight == 1 else f"{name}^{weight:g}" for name, weight in self.fields)
        fields = named or "all text as one"
        like = "like " if self.words.type.kind is TypeKind.LINK else ""
        least = f" min={expression_text(self.min_should_match)}" if self.min_should_match else ""
        return f"match {fields} {like}{expression_text(self.words)}{least}{show_limit(self.limit)}"

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        return min(rows * SELECTIVITY, super().estimate(estimator, rows))

    def _asked(self, context: ExecutionContext, source: CollectionView) -> MatchQuery:
        """What to look for. A literal was written by who knows the signs; any other value is read leniently, and where it has
        more words than can be looked for, the most telling ones of it are."""
        text, literal = evaluate_scalar(self.words, context.evaluation), isinstance(self.words, Constant)
        if not isinstance(text, str):
            raise EvaluationError("PQ0736", self.words.span)
        try:
            return parse_match_query(text, lenient=not literal)
        except MatchQueryError as error:
            if literal:  # as the binder says it of a cold text
                raise EvaluationError(error.code, self.words.span, **error.words) from error
            if "words" not in context.reasons:
                context.reasons.append("words")
            return source.text.significant_terms([text[:PASTED_CHARACTERS_MAX]], dict(self.fields), known_records=0)

    def _like(self, context: ExecutionContext, source: CollectionView) -> tuple[MatchQuery, int | None]:
        """The telling words of the record that is named, and its ordinal where it is one of those searched."""
        name, key = str(self.words.type.name), evaluate_scalar(self.words, context.evaluation)
        other = context.view.collection(name)
        ordinal = context.view.store.ordinal(other.collection.id, key) if isinstance(key, str) else None
        if ordinal is None:
            raise EvaluationError("PQ0734", self.words.span, collection=name, key=key)
        texts: list[str] = []
        for field in text_fields(other.collection):
            value = other.record(ordinal).fields.get(field.id, field.default)
            texts += [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
        own = other.collection.id == source.collection.id
        return source.text.significant_terms(texts, dict(self.fields), known_records=int(own)), ordinal if own else None


def with_scores(batch: Batch, scores: np.ndarray) -> Batch:
    """The rows with their scores (best first) as `_score`, ordered by it."""
    column = FlatColumn(FLOAT, scores.astype(np.float64))
    return replace(batch, computed={**batch.computed, "_score": column}, order=(SortKey(column, descending=True),))


def _needs_of(stage: MatchStage) -> Iterator[Capability]:
    if stage.query_text.type.kind is TypeKind.LINK:
        yield Capability.LIKE


OPERATORS = (
    OperatorSpec(
        MatchStage,
        lambda s, _: Match(s.fields, s.query_text, s.minimum_should_match),
        frozenset({Capability.TEXT}),
        needs_of=_needs_of,
    ),
)
