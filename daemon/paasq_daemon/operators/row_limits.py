"""Numbers of rows."""

from __future__ import annotations

from paasq_daemon.kernels.errors import EvaluationError, shown
from paasq_daemon.kernels.evaluate import evaluate_scalar
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.operators.expression_text import expression_text
from paasq_dsl.bound import BoundExpression

OUTPUT_ROWS_MAX = 5_000_000  # by one stage: a few of them one after the other would fill any memory


def evaluate_row_count(bound: BoundExpression | int, context: ExecutionContext) -> int:
    """A number of rows, 0 or more. Raises EvaluationError where the value is none."""
    if isinstance(bound, int):
        return bound
    value = evaluate_scalar(bound, context.evaluation)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise EvaluationError("PQ0710", bound.span, found=shown(value))
    return value


def check_rows(stage: str, rows: int) -> None:
    """Before a stage makes rows of rows. Raises EvaluationError where they are too many."""
    if rows > OUTPUT_ROWS_MAX:
        raise EvaluationError("PQ0790", stage=stage, rows=f"{rows:,}", most=f"{OUTPUT_ROWS_MAX:,}")


def show_limit(limit: BoundExpression | int | None) -> str:
    """` limit N` for explain, N as text of the language; empty without a limit."""
    if limit is None:
        return ""
    return f" limit {limit if isinstance(limit, int) else expression_text(limit)}"
