"""A pipeline whose values are a list, as in `sender in (from person | ...)`: it is run before the rows that ask for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paasq_daemon.index.column import Ragged
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.operators.context import EMPTY, Operator, Run
from paasq_dsl.bound import PipelineValue
from paasq_dsl.types import list_of

VALUES_MAX = 1_000_000


@dataclass(frozen=True)
class Listing:
    """What comes out of the operators, as the list that stands for `value`."""

    value: PipelineValue
    operators: tuple[Operator, ...]

    def run(self, run: Run) -> Ragged:
        """One row. What makes these rows fewer than there are is said of the answer that asks for them."""
        beside = run.beside()
        batch = EMPTY
        for operator in self.operators:
            run.cancel.check()
            batch = operator.run(beside, batch)
        reasons = [*beside.reasons, *["depth"] * beside.depth_cut]
        run.reasons += [reason for reason in dict.fromkeys(reasons) if reason not in run.reasons]
        if batch.length > VALUES_MAX:
            raise KernelError("PQ0793", self.value.span, count=f"{batch.length:,}", most=f"{VALUES_MAX:,}")
        items = batch.column(self.value.column)
        if isinstance(items, Ragged):
            raise KernelError("PQ0462", self.value.span, name=self.value.column, found="a list", mend="")
        return Ragged(list_of(items.type), np.array([0, batch.length]), items)
