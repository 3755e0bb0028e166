"""Rows in order."""

from __future__ import annotations

from dataclasses import dataclass, replace

from paasq_daemon.kernels.evaluate import evaluate
from paasq_daemon.kernels.sort import order, top
from paasq_daemon.operators.batch import Batch, OrderKey
from paasq_daemon.operators.context import Run
from paasq_daemon.operators.expression_text import show
from paasq_daemon.operators.row_limits import count_of, show_limit
from paasq_dsl.bound import Bound, BoundSortKey


@dataclass(frozen=True)
class Sort:
    """Stable: equal rows keep their order. With a `limit` only the first rows are found."""

    keys: tuple[BoundSortKey, ...]
    limit: Bound | int | None = None

    def run(self, run: Run, batch: Batch) -> Batch:
        run.cancel.check()
        keys = [(evaluate(key.value, batch, run.values), key.descending) for key in self.keys]
        if self.limit is None:
            rows = order(keys, batch.length)
        else:
            rows = top(keys, batch.length, min(count_of(self.limit, run), batch.length))
        by = tuple(OrderKey(column, descending) for column, descending in keys)
        return replace(batch, order=(*by, *batch.order)).take(rows)

    def describe(self) -> str:
        keys = ", ".join(show(key.value) + (" desc" if key.descending else "") for key in self.keys)
        return f"sort {keys}{show_limit(self.limit)}"
