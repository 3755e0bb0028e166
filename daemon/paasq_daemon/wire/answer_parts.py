"""An answer of any length, asked for part after part."""

from __future__ import annotations

from dataclasses import replace

from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.errors import InvalidValue
from paasq_daemon.wire.request import Budget, Request

PART_ROWS = 1_000
_PART_TOKENS = 1_000_000  # 4,000,000 characters: whatever script they are in, they fit into a message


class AnswerParts:
    """What to ask for next. Each part is a request of its own, read from the state of the first one; a part is asked for when
    the one before was taken, so who reads slowly keeps nothing busy.

    `wanted` is the next request, None behind the last part.
    """

    def __init__(self, request: Request, rows: int) -> None:
        """Parts have `rows` rows, fewer where these are long. Raises InvalidValue for a budget of rows or tokens, which would
        be one of each part; that of time is one."""
        if request.budget.rows is not None or request.budget.tokens is not None:
            raise InvalidValue("a stream takes no budget of rows or tokens", "bound its rows with take")
        self._budget = replace(request.budget, rows=rows, tokens=_PART_TOKENS)
        self.wanted: Request | None = replace(request, read_only=True, budget=self._budget)

    def take(self, answer: Answer) -> bool:
        """Go on behind the answer to what was wanted. False where it is none of the parts: it is asked for again, otherwise.
        Raises InvalidValue where the text has pages of its own."""
        assert self.wanted is not None
        if answer.cursor is not None and answer.reason == "limit":
            raise InvalidValue(
                "this text has pages of its own, and a stream makes its parts by itself", "leave the page out"
            )
        if (
            answer.cut
        ):  # one row alone is more than a part: it comes whole or, where no message could hold it, fails in words
            self.wanted = replace(self.wanted, budget=Budget(self._budget.time_ms, rows=1))
            return False
        more = answer.cursor is not None
        self.wanted = replace(self.wanted, budget=self._budget, after=answer.cursor) if more else None
        return True
