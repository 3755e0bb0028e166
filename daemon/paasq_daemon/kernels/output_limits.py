"""Bounds on what functions that build texts or lists may produce: a chain of stages that each double a text would
otherwise exhaust memory.
"""

from __future__ import annotations

from paasq_daemon.kernels.errors import EvaluationError
from paasq_dsl.source_text import Span

OUTPUT_CHARACTERS_MAX = 100_000_000  # by one function for all rows of one query
OUTPUT_ITEMS_MAX = 10_000_000
TEXT_CHARACTERS_MAX = 1_000_000  # of one text whose length is a product


class MemoryLimit:
    """The characters, or list items, that one function call may still produce over all its rows."""

    def __init__(self, function: str, span: Span, *, items: bool = False) -> None:
        self._function = function
        self._span = span
        self._code = "PQ0794" if items else "PQ0795"
        self._limit = OUTPUT_ITEMS_MAX if items else OUTPUT_CHARACTERS_MAX
        self._left = self._limit

    def reserve(self, count: int) -> None:
        """Count `count` characters or items before they are allocated. Raises EvaluationError PQ0795 (texts) or PQ0794
        (lists).
        """
        self._left -= count
        if self._left < 0:
            raise EvaluationError(self._code, self._span, function=self._function, most=f"{self._limit:,}")

    def reserve_text(self, characters: int) -> None:
        """`check_text` and `reserve` for one text."""
        self.check_text(characters)
        self.reserve(characters)

    def check_text(self, characters: int) -> None:
        """Raises EvaluationError PQ0796 where one text is longer than TEXT_CHARACTERS_MAX."""
        if characters > TEXT_CHARACTERS_MAX:
            raise EvaluationError("PQ0796", self._span, function=self._function, most=f"{TEXT_CHARACTERS_MAX:,}")
