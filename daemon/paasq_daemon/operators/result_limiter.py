"""Which rows of an answer its budget pays for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from paasq_daemon.wire.cancellation import Cancellation
from paasq_daemon.wire.request import Budget
from paasq_daemon.wire.token_estimate import estimated_tokens

ROWS_MAX = 10_000  # of one answer, where the budget names no other number
ROWS_AT_ONCE = 500  # that an answer reads before it looks at the time


def affordable(
    rows: Iterable[list[Any]], budget: Budget, cancel: Cancellation
) -> tuple[list[list[Any]], int, str | None]:
    """The first rows, what they cost in tokens, and why there are no more: limit, rows, time, tokens, or None where these
    are all. Time is looked at between some rows and the next, so that there is always an answer to go on from."""
    rows_max, rows_reason = (ROWS_MAX, "limit") if budget.rows is None else (budget.rows, "rows")
    kept: list[list[Any]] = []
    tokens = 0
    for row in rows:
        if len(kept) == rows_max:
            return kept, tokens, rows_reason
        if kept and len(kept) % ROWS_AT_ONCE == 0 and cancel.out_of_time:
            return kept, tokens, "time"
        cost = estimated_tokens(row)
        if budget.tokens is not None and tokens + cost > budget.tokens:
            return kept, tokens, "tokens"
        kept.append(row)
        tokens += cost
    return kept, tokens, None
