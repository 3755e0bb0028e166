"""The first rows of each value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasq_daemon.index.column import Ints, Mask
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.evaluate import evaluate
from paasq_daemon.kernels.sort_keys import ranks
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.context import Run
from paasq_daemon.operators.expression_text import show
from paasq_daemon.operators.row_limits import count_of
from paasq_dsl.bound import Bound


@dataclass(frozen=True)
class Collapse:
    """The order stays."""

    value: Bound
    keep: Bound | None = None

    def run(self, run: Run, batch: Batch) -> Batch:
        run.cancel.check()
        keep = 1 if self.keep is None else count_of(self.keep, run)
        if self.keep is not None and keep == 0:
            raise KernelError("PQ0711", self.keep.span, stage="collapse", found=keep)
        codes, _ = ranks(evaluate(self.value, batch, run.values))
        return batch.keep(_first_of_each(codes, keep))

    def describe(self) -> str:
        return f"collapse {show(self.value)}" + (f" keep {show(self.keep)}" if self.keep else "")


def _first_of_each(codes: Ints, keep: int) -> Mask:
    """Which rows are among the first `keep` of their code."""
    together = np.argsort(codes, kind="stable")
    grouped = codes[together]
    starts = np.searchsorted(grouped, grouped)
    mask = np.zeros(len(codes), np.bool_)
    mask[together[np.arange(len(codes)) - starts < keep]] = True
    return mask
