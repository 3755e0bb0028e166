"""All rows but the first."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import Run
from paasq_daemon.operators.expression_text import show
from paasq_daemon.operators.row_limits import count_of
from paasq_dsl.bound import Bound


@dataclass(frozen=True)
class Skip:
    count: Bound

    def run(self, run: Run, batch: Batch) -> Batch:
        return batch.take(np.arange(min(count_of(self.count, run), batch.length), batch.length))

    def describe(self) -> str:
        return f"skip {show(self.count)}"
