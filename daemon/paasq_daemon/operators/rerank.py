"""Rows by a formula."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from paasq_daemon.index.column import FlatColumn
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import evaluate
from paasq_daemon.kernels.operands import finite_column, numeric_values, validity_of
from paasq_daemon.kernels.sort import argsort, top_k
from paasq_daemon.operators.batch import Batch, SortKey
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.operator import LimitedOperator
from paasq_daemon.operators.row_limits import evaluate_row_count, show_limit
from paasq_daemon.operators.spec import OperatorSpec
from paasq_dsl.bound import BoundExpression, RerankStage
from paasq_dsl.types import FLOAT, NUMERIC_KINDS, TypeKind


@dataclass(frozen=True)
class Rerank(LimitedOperator):
    """Largest first, nulls last, equal rows in the order they had. `limit` as in Sort."""

    value: BoundExpression

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        context.cancel.raise_if_cancelled()
        if context.depth_limited and "depth" not in context.reasons:
            # a row that fuse left out might have come first by now, whatever is taken of them
            context.reasons.append("depth")
        score = self._score(context, batch)
        keys = [(score, True)]
        if self.limit is None:
            rows = argsort(keys, batch.length)
        else:
            rows = top_k(keys, batch.length, min(evaluate_row_count(self.limit, context), batch.length))
        by = (SortKey(score, descending=True), *batch.order)
        return replace(batch.with_columns({"_score": score}), order=by).take(rows)

    def describe(self) -> str:
        return f"rerank by {expression_text(self.value)}{show_limit(self.limit)}"

    def _score(self, context: ExecutionContext, batch: Batch) -> FlatColumn:
        column = evaluate(self.value, batch, context.evaluation)
        if column.type.kind not in NUMERIC_KINDS | {TypeKind.NULL}:
            raise EvaluationError("PQ0724", self.value.span, type=column.type)
        valid = np.zeros(batch.length, np.bool_) if column.type.kind is TypeKind.NULL else validity_of(column)
        score = finite_column(FLOAT, numeric_values(column).astype(np.float64), valid)
        assert isinstance(score, FlatColumn)
        return score


OPERATORS = (OperatorSpec(RerankStage, lambda s, _: Rerank(s.value)),)
