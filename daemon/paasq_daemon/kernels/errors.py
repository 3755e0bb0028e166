"""The one error of kernels and operators: a value of a run that can't be computed with."""

from __future__ import annotations

from typing import Any

from paasq_dsl.diagnostics import CodedError
from paasq_dsl.source_text import DUMMY_SPAN, Span


class EvaluationError(CodedError):
    """What is wrong with a value of a run, with its place in the text: `code` and `words` as of the catalogue.

    `candidates` are names that were perhaps meant, best first.
    """

    def __init__(self, code: str, span: Span = DUMMY_SPAN, *, candidates: tuple[str, ...] = (), **words: Any) -> None:
        super().__init__(code, **words)
        self.span = span
        self.candidates = candidates

    def at(self, span: Span) -> EvaluationError:
        """The same at another place: kernels of groups don't know that of their call."""
        return EvaluationError(self.code, span, candidates=self.candidates, **self.words)


def shown(value: object) -> str:
    """A value of a run as a sentence has it."""
    return "null" if value is None else repr(value)
