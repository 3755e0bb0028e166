"""Rows of passages from rows of records."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest

import numpy as np

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import Column, FlatColumn
from paasq_daemon.kernels.columns import column_from_values, column_to_values
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.operators.batch import Batch, SortKey
from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.column_fetch import fetch_column
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.operator import Operator
from paasq_daemon.operators.row_limits import evaluate_row_count
from paasq_daemon.operators.snippet_column import EMPTY_MATCH
from paasq_daemon.operators.spec import OperatorSpec, PipelinePlanner
from paasq_dsl.bound import BoundExpression, PassagesStage
from paasq_dsl.citations import format_field_part
from paasq_dsl.stages.find import TEXT_WEIGHT, VECTOR_WEIGHT
from paasq_dsl.types import FLOAT, INT, KEYWORD, Type
from paasq_dsl.values import Value

DEPTH = 100  # records that are cut into passages
EMBEDDED_MAX = 32  # passages whose meaning is looked at: a few milliseconds each


@dataclass
class _Part:
    row: int
    start: int
    end: int
    text: str
    words: float
    sense: float = 0.0
    score: float = 0.0


@dataclass(frozen=True)
class Passages(Operator):
    """The `most` (1) best parts of the text `field` of each row, best first; a row without text gives one row of nulls.

    A part's score is that of its words, divided by the best of all; where the run has looked for a meaning, 0.35 of it and
    0.65 of the cosine. Meaning is looked at in the first rows, of each the parts that are best by words.
    """

    field: str
    type: Type
    most: BoundExpression | None = None

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        most = 1 if self.most is None else evaluate_row_count(self.most, context)
        if self.most is not None and most == 0:
            raise EvaluationError("PQ0711", self.most.span, stage="passages", found=most)
        if batch.length > DEPTH:
            context.depth_limited = True
            batch = batch.take(np.arange(DEPTH))
        if batch.source is None or batch.ordinals is None:
            return self._of_parts(batch, [], [])
        kept = most + max(2 * most, EMBEDDED_MAX)
        texts = column_to_values(fetch_column(batch.source, self.field, batch.ordinals))
        found = [self._parts(context, batch.source, row, text, kept) for row, text in enumerate(texts)]
        _score(context, found, most)
        rows: list[int] = []
        parts: list[_Part | None] = []
        for row, of_row in enumerate(found):
            chosen = sorted(of_row, key=lambda part: (-part.score, part.start))[:most]
            parts += chosen or [None]
            rows += [row] * max(len(chosen), 1)
        return self._of_parts(batch, rows, parts)

    def describe(self) -> str:
        return f"passages {self.field}" + (f" max {expression_text(self.most)}" if self.most else "")

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        return rows * estimator.count(self.most, 1)

    def _parts(
        self, context: ExecutionContext, source: CollectionView, row: int, text: Value, kept: int
    ) -> list[_Part]:
        """The parts that are best by words. So many that the best are among them, whatever is found of the meaning of some."""
        if not isinstance(text, str):
            return []
        check = context.cancel.raise_if_cancelled
        found = source.text.passages(context.match or EMPTY_MATCH, self.field, text, check)
        best = nsmallest(kept, found, key=lambda part: (-part[2], part[0]))
        return [_Part(row, start, end, text[start:end], score) for start, end, score in best]

    def _of_parts(self, batch: Batch, rows: Sequence[int], parts: Sequence[_Part | None]) -> Batch:
        def column(type_: Type, value: Callable[[_Part], Value]) -> Column:
            return column_from_values(type_, [None if part is None else value(part) for part in parts])

        repeated = batch.take(np.array(rows, np.int64)).with_columns({
            "passage": column(self.type, lambda p: p.text),
            "passage_start": column(INT, lambda p: p.start),
            "passage_end": column(INT, lambda p: p.end),
            "_score.passage": column(FLOAT, lambda p: p.score),
            "_passage": column(KEYWORD, lambda p: format_field_part(self.field, (p.start, p.end))),
        })  # fmt: skip
        places = np.arange(len(rows))
        return replace(
            repeated,
            sub_ordinals=(*repeated.sub_ordinals, places),
            order=(SortKey(FlatColumn(INT, places), descending=False),),
        )


def _score(context: ExecutionContext, found: Sequence[list[_Part]], most: int) -> None:
    every = [part for of_row in found for part in of_row]
    best = max((part.words for part in every), default=0.0) or 1.0
    for part in every:
        part.words /= best
    with_meaning = _look_for_meaning(context, found, most)
    for part in every:
        part.score = TEXT_WEIGHT * part.words + VECTOR_WEIGHT * part.sense if with_meaning else part.words


def _look_for_meaning(context: ExecutionContext, found: Sequence[list[_Part]], most: int) -> bool:
    """Fill in `sense` as far as is allowed. False where the run has looked for no meaning."""
    query = context.query_vector
    if query is None or not len(found):
        return False
    sense = query.values / (np.linalg.norm(query.values) or 1.0)
    each = max(2 * most, EMBEDDED_MAX // len(found))
    chosen = [part for of_row in found for part in sorted(of_row, key=lambda p: (-p.words, p.start))[:each]]
    for part in chosen[:EMBEDDED_MAX]:
        context.cancel.raise_if_cancelled()
        if context.deadline_near():
            break
        part.sense = float(np.dot(sense, context.embed(query.collection, query.field, part.text)))
    return True


def _build(stage: PassagesStage, _: PipelinePlanner) -> Passages:
    return Passages(stage.field, stage.schema.columns_by_name["passage"].type, stage.max_per_row)


OPERATORS = (OperatorSpec(PassagesStage, _build, frozenset({Capability.PASSAGES})),)
