"""What the answer may cost."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_daemon.kernels.errors import KernelError, shown
from paasq_daemon.kernels.evaluate import RunValues, scalar
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.run import Run
from paasq_daemon.operators.show import show
from paasq_daemon.wire.messages import Budget as Limits
from paasq_dsl.bound import Bound
from paasq_dsl.values import Duration


@dataclass(frozen=True)
class Budget:
    """Stands last, and lets all rows through: its limits hold from the start of the run, and the answer is cut to them."""

    tokens: Bound | None
    time: Bound | None
    rows: Bound | None

    def run(self, run: Run, batch: Batch) -> Batch:
        run.cancel.check()
        return batch

    def describe(self) -> str:
        named = (("tokens", self.tokens), ("time", self.time), ("rows", self.rows))
        return "budget " + ", ".join(f"{name} {show(value)}" for name, value in named if value)

    def limits(self, values: RunValues) -> Limits:
        """Raises KernelError where a value is no limit."""
        return Limits(_time_ms(self.time, values), _count(self.rows, values), _count(self.tokens, values))


def _count(bound: Bound | None, values: RunValues) -> int | None:
    if bound is None:
        return None
    count = scalar(bound, values)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise KernelError("PQ0720", bound.span, found=shown(count))
    return count


def _time_ms(bound: Bound | None, values: RunValues) -> float | None:
    if bound is None:
        return None
    length = scalar(bound, values)
    if not isinstance(length, Duration) or length.months or length.micros <= 0:
        raise KernelError("PQ0721", bound.span, found="null" if length is None else length)
    return length.micros / 1000
