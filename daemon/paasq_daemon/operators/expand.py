"""A row for each item of a list."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from paasq_daemon.index.column import Column, ListColumn
from paasq_daemon.kernels.columns import column_from_values, column_to_values, null_column
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import null_mask
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.cardinality import CardinalityEstimator
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.operator import Operator
from paasq_daemon.operators.row_limits import check_rows
from paasq_daemon.operators.spec import OperatorSpec
from paasq_dsl.bound import ExpandStage
from paasq_dsl.source_text import DUMMY_SPAN, Span
from paasq_dsl.types import NULL, TypeKind, list_of

LIST_LENGTH = 3  # that is expected of a list, as nothing is counted of them


@dataclass(frozen=True)
class Expand(Operator):
    """The items of one list stay together, in their order. An empty list and null give no row.

    Raises EvaluationError PQ0433 where a column whose type only the run knows, such as a parameter's, is no list.
    """

    column: str
    name: str
    span: Span = DUMMY_SPAN

    def execute(self, context: ExecutionContext, batch: Batch) -> Batch:
        context.cancel.raise_if_cancelled()
        lists = batch.column(self.column)
        if lists.type.kind is TypeKind.NULL:
            lists = null_column(list_of(NULL), batch.length)
        if not isinstance(lists, ListColumn):
            raise EvaluationError("PQ0433", self.span, name=self.column, type=lists.type)
        lengths = np.where(null_mask(lists), 0, np.diff(lists.offsets))
        total = int(lengths.sum())
        check_rows("expand", total)
        rows = np.repeat(np.arange(batch.length), lengths)
        places = np.arange(total) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        items: Column = lists.items.take(lists.offsets[:-1][rows] + places)
        if items.type.kind is TypeKind.LIST:  # inner lists are Python lists here
            items = column_from_values(items.type, column_to_values(items))
        expanded = batch.take(rows).with_columns({self.name: items})
        return replace(expanded, sub_ordinals=(*expanded.sub_ordinals, places))

    def describe(self) -> str:
        return f"expand {self.column}" + (f" as {self.name}" if self.name != self.column else "")

    def estimate(self, estimator: CardinalityEstimator, rows: float) -> float:
        del estimator
        return rows * LIST_LENGTH


OPERATORS = (OperatorSpec(ExpandStage, lambda s, _: Expand(s.column, s.name, s.span)),)
