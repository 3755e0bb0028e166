"""What functions that make texts of texts may make: stage after stage doubling would fill any memory."""

from __future__ import annotations

from paasq_daemon.kernels.errors import KernelError
from paasq_dsl.source import Span

MADE_CHARACTERS_MAX = 100_000_000  # by one function for all rows of one query


class Room:
    """The characters that one function may still make."""

    def __init__(self, function: str, span: Span) -> None:
        self._function = function
        self._span = span
        self._left = MADE_CHARACTERS_MAX

    def take(self, characters: int) -> None:
        """Before they are made. Raises KernelError PQ0703 where they are too many."""
        self._left -= characters
        if self._left < 0:
            message = f"{self._function} would make texts of more than {MADE_CHARACTERS_MAX:,} characters together"
            raise KernelError("PQ0703", message, self._span, "make them of fewer rows: put `take` or `where` before it")
