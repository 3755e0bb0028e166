"""A pipeline whose values are a list, as in `sender in (from person | ...)`: it is run before the rows that ask for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasq_daemon.index.column import ListColumn
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.operator import Operator, execute_pipeline
from paasq_dsl.bound import Subquery
from paasq_dsl.types import list_of

SUBQUERY_ROWS_MAX = 1_000_000


@dataclass(frozen=True)
class InitPlan:
    """What comes out of the operators, as the list that stands for `subquery`."""

    subquery: Subquery
    operators: tuple[Operator, ...]

    def execute(self, context: ExecutionContext) -> ListColumn:
        """One row. What makes these rows fewer than there are is said of the answer that asks for them."""
        beside = context.child()
        batch = execute_pipeline(self.operators, beside)
        reasons = [*beside.reasons, *["depth"] * beside.depth_limited]
        context.reasons += [reason for reason in dict.fromkeys(reasons) if reason not in context.reasons]
        if batch.length > SUBQUERY_ROWS_MAX:
            raise EvaluationError(
                "PQ0793", self.subquery.span, count=f"{batch.length:,}", most=f"{SUBQUERY_ROWS_MAX:,}"
            )
        items = batch.column(self.subquery.column)
        if isinstance(items, ListColumn):
            raise EvaluationError("PQ0480", self.subquery.span, name=self.subquery.column, type="a list")
        return ListColumn(list_of(items.type), np.array([0, batch.length]), items)
