"""The one error of kernels: a value that cannot be computed with."""

from __future__ import annotations

from paasq_dsl.source_text import NOWHERE, Span


class KernelError(Exception):
    """What is wrong with a value of a run, with words for people and the place in the text.

    `code` is PQ0702 for a parameter's value, PQ0703 for a number out of its range. `candidates` are names that were
    perhaps meant.
    """

    def __init__(
        self, code: str, message: str, span: Span = NOWHERE, hint: str = "", candidates: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.span = span
        self.hint = hint
        self.candidates = candidates
