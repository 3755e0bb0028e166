"""The rows for which conditions hold."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.kernels.evaluate import evaluate_mask
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import Run
from paasq_daemon.operators.expression_text import show
from paasq_dsl.bound import Bound


@dataclass(frozen=True)
class Filter:
    conditions: tuple[Bound, ...]

    def run(self, run: Run, batch: Batch) -> Batch:
        for condition in self.conditions:
            run.cancel.check()
            batch = batch.keep(evaluate_mask(condition, batch, run.values))
        return batch

    def describe(self) -> str:
        return "filter " + " and ".join(show(c) for c in self.conditions)
