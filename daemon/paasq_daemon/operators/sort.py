"""Rows in order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from paasq_daemon.kernels.evaluate import evaluate, referenced_columns
from paasq_daemon.kernels.sort import argsort, top_k
from paasq_daemon.operators.batch import Batch, SortKey
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_daemon.operators.operator import LimitedOperator
from paasq_daemon.operators.row_limits import evaluate_row_count, show_limit
from paasq_daemon.operators.spec import OperatorSpec
from paasq_dsl.bound import BoundSortKey, SortStage


@dataclass(frozen=True)
class Sort(LimitedOperator):
    """Stable: equal rows keep their order. With a `limit` only the first rows are found."""

    keys: tuple[BoundSortKey, ...]

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        context.cancel.raise_if_cancelled()
        batch.prefetch(self._columns_read)
        keys = [(evaluate(key.value, batch, context.evaluation), key.descending) for key in self.keys]
        if self.limit is None:
            rows = argsort(keys, batch.length)
        else:
            rows = top_k(keys, batch.length, min(evaluate_row_count(self.limit, context), batch.length))
        by = tuple(SortKey(column, descending) for column, descending in keys)
        return replace(batch, order=(*by, *batch.order)).take(rows)

    def describe(self) -> str:
        keys = ", ".join(expression_text(key.value) + (" desc" if key.descending else "") for key in self.keys)
        return f"sort {keys}{show_limit(self.limit)}"

    @cached_property
    def _columns_read(self) -> frozenset[str]:
        return referenced_columns(*(key.value for key in self.keys))


OPERATORS = (OperatorSpec(SortStage, lambda s, _: Sort(s.keys)),)
