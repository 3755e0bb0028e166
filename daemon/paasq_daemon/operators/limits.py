"""Numbers of rows."""

from __future__ import annotations

from paasq_daemon.kernels.errors import KernelError, shown
from paasq_daemon.kernels.evaluate import scalar
from paasq_daemon.operators.run import Run
from paasq_daemon.operators.show import show
from paasq_dsl.bound import Bound

MADE_ROWS_MAX = 5_000_000  # by one stage: a few of them one behind the other would fill any memory


def count_of(bound: Bound | int, run: Run) -> int:
    """A number of rows, 0 or more. Raises KernelError where the value is none."""
    if isinstance(bound, int):
        return bound
    value = scalar(bound, run.values)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise KernelError("PQ0710", bound.span, found=shown(value))
    return value


def check_rows(stage: str, rows: int) -> None:
    """Before a stage makes rows of rows. Raises KernelError where they are too many."""
    if rows > MADE_ROWS_MAX:
        raise KernelError("PQ0790", stage=stage, rows=f"{rows:,}", most=f"{MADE_ROWS_MAX:,}")


def show_limit(limit: Bound | int | None) -> str:
    if limit is None:
        return ""
    return f" limit {limit if isinstance(limit, int) else show(limit)}"
