"""One row of those that are equal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasq_daemon.kernels.aggregate.grouping import group
from paasq_daemon.kernels.evaluate import evaluate
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import Run
from paasq_daemon.operators.expression_text import show
from paasq_dsl.bound import Bound


@dataclass(frozen=True)
class Distinct:
    """The first of each, in the order of the rows."""

    keys: tuple[Bound, ...]

    def run(self, run: Run, batch: Batch) -> Batch:
        if not batch.length:
            return batch
        run.cancel.check()
        groups = group([evaluate(key, batch, run.values) for key in self.keys], batch.length)
        return batch.take(np.sort(groups.representatives))

    def describe(self) -> str:
        return f"distinct by {', '.join(show(key) for key in self.keys)}"
