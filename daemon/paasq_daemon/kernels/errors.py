"""The one error of kernels and operators: a value met during execution that cannot be computed with."""

from __future__ import annotations

from typing import Any

from paasq_dsl.diagnostics import CodedError
from paasq_dsl.source_text import DUMMY_SPAN, Span


class EvaluationError(CodedError):
    """An error that depends on values, with its span in the query text: `code` and `words` as in the catalogue.

    `candidates` are names that were perhaps meant, best first.
    """

    def __init__(self, code: str, span: Span = DUMMY_SPAN, *, candidates: tuple[str, ...] = (), **words: Any) -> None:
        super().__init__(code, **words)
        self.span = span
        self.candidates = candidates

    def at(self, span: Span) -> EvaluationError:
        """The same error at another span: aggregate kernels do not know the span of their call."""
        return EvaluationError(self.code, span, candidates=self.candidates, **self.words)


def shown(value: object) -> str:
    """A value as an error message writes it: its repr, or null."""
    return "null" if value is None else repr(value)
