"""Which rows of an answer its budget pays for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.request import Budget
from paasq_daemon.wire.token_estimate import estimate_tokens

ROWS_MAX = 10_000  # of one answer, where the budget names no other number
CHUNK_ROWS = 500  # that an answer reads before it looks at the time


def limit_result(
    rows: Iterable[list[Any]], budget: Budget, cancel: CancellationToken
) -> tuple[list[list[Any]], int, str | None]:
    """The first rows, what they cost in tokens, and why there are no more: limit, rows, time, tokens, or None where these
    are all. Time is looked at between some rows and the next, so that there is always an answer to go on from."""
    rows_max, rows_reason = (ROWS_MAX, "limit") if budget.rows is None else (budget.rows, "rows")
    kept: list[list[Any]] = []
    tokens = 0
    for row in rows:
        if len(kept) == rows_max:
            return kept, tokens, rows_reason
        if kept and len(kept) % CHUNK_ROWS == 0 and cancel.deadline_passed:
            return kept, tokens, "time"
        cost = estimate_tokens(row)
        if budget.tokens is not None and tokens + cost > budget.tokens:
            return kept, tokens, "tokens"
        kept.append(row)
        tokens += cost
    return kept, tokens, None
