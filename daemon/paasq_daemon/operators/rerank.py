"""Rows by a formula."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from paasq_daemon.index.column import Flat
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.evaluate import evaluate
from paasq_daemon.kernels.operands import finite, numbers, valid_of
from paasq_daemon.kernels.sort import order, top
from paasq_daemon.operators.batch import Batch, OrderKey
from paasq_daemon.operators.context import Run
from paasq_daemon.operators.expression_text import show
from paasq_daemon.operators.row_limits import count_of, show_limit
from paasq_dsl.bound import Bound
from paasq_dsl.types import FLOAT, NUMBER_KINDS, Kind


@dataclass(frozen=True)
class Rerank:
    """Largest first, nulls last, equal rows in the order they had. `limit` as in Sort."""

    value: Bound
    limit: Bound | int | None = None

    def run(self, run: Run, batch: Batch) -> Batch:
        run.cancel.check()
        if run.depth_cut and "depth" not in run.reasons:
            # a row that fuse left out might have come first by now, whatever is taken of them
            run.reasons.append("depth")
        score = self._score(run, batch)
        keys = [(score, True)]
        if self.limit is None:
            rows = order(keys, batch.length)
        else:
            rows = top(keys, batch.length, min(count_of(self.limit, run), batch.length))
        by = (OrderKey(score, descending=True), *batch.order)
        return replace(batch.extended({"_score": score}), order=by).take(rows)

    def describe(self) -> str:
        return f"rerank by {show(self.value)}{show_limit(self.limit)}"

    def _score(self, run: Run, batch: Batch) -> Flat:
        column = evaluate(self.value, batch, run.values)
        if column.type.kind not in NUMBER_KINDS | {Kind.NULL}:
            raise KernelError("PQ0724", self.value.span, type=column.type)
        valid = np.zeros(batch.length, np.bool_) if column.type.kind is Kind.NULL else valid_of(column)
        score = finite(FLOAT, numbers(column).astype(np.float64), valid)
        assert isinstance(score, Flat)
        return score
