"""Numbers of rows."""

from __future__ import annotations

from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.evaluate import scalar
from paasq_daemon.operators.run import Run
from paasq_daemon.operators.show import show
from paasq_dsl.bound import Bound


def count_of(bound: Bound | int, run: Run) -> int:
    """A number of rows, 0 or more. Raises KernelError where the value is none."""
    if isinstance(bound, int):
        return bound
    value = scalar(bound, run.values)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise KernelError("PQ0701", f"a number of rows must be an int, 0 or more, not {value!r}", bound.span)
    return value


def show_limit(limit: Bound | int | None) -> str:
    if limit is None:
        return ""
    return f" limit {limit if isinstance(limit, int) else show(limit)}"
