"""The first rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import Run
from paasq_daemon.operators.expression_text import show
from paasq_daemon.operators.row_limits import count_of
from paasq_dsl.bound import Bound


@dataclass(frozen=True)
class Take:
    count: Bound

    def run(self, run: Run, batch: Batch) -> Batch:
        count = count_of(self.count, run)
        if batch.length <= count:
            return batch
        run.depth_cut = False  # what a deeper look would have found stands behind these
        return batch.take(np.arange(count))

    def describe(self) -> str:
        return f"take {show(self.count)}"
