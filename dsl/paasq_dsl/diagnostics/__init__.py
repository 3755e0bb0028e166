"""The catalogue of errors, and the diagnostics made from it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from paasq_dsl.diagnostics.daemon import DAEMON
from paasq_dsl.diagnostics.form import FORM
from paasq_dsl.diagnostics.names import NAMES
from paasq_dsl.diagnostics.runtime import RUNNING
from paasq_dsl.diagnostics.schemas import SCHEMAS
from paasq_dsl.diagnostics.stages import STAGES
from paasq_dsl.diagnostics.types import TYPES
from paasq_dsl.diagnostics.writes import WRITES
from paasq_dsl.source_text import DUMMY_SPAN, SourceText, Span


class Severity(StrEnum):
    """An error keeps a statement from being run; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Fix:
    """A text edit: replace what `span` covers by `text`; `title` describes the edit to a person."""

    span: Span
    text: str
    title: str

    def apply(self, text: str) -> str:
        """`text` with the edit made; `span` counts from the start of that text."""
        return text[: self.span.start] + self.text + text[self.span.end :]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error or warning at one span. `candidates` are suggested names, best first, three at most."""

    code: str
    span: Span
    message: str
    candidates: tuple[str, ...] = ()
    fix: Fix | None = None
    severity: Severity = Severity.ERROR

    def shift(self, offset: int) -> Diagnostic:
        """The same diagnostic with its span, and its fix's, `offset` characters further on."""
        edit = replace(self.fix, span=self.fix.span.shift(offset)) if self.fix else None
        return replace(self, span=self.span.shift(offset), fix=edit)

    def to_json(self, source: SourceText) -> dict[str, Any]:
        """The form on the wire: offsets in characters from 0, `line` and `column` from 1 in `source`, `edit` null
        without a fix."""
        line, column = source.line_column(self.span.start)
        return {
            "code": self.code,
            "severity": str(self.severity),
            "message": self.message,
            "start": self.span.start,
            "end": self.span.end,
            "line": line,
            "column": column,
            "candidates": list(self.candidates),
            "edit": self.fix
            and {"start": self.fix.span.start, "end": self.fix.span.end, "text": self.fix.text, "title": self.fix.title},
        }  # fmt: skip


# Codes of what can be run all the same.
WARNINGS = frozenset({"PQ0438", "PQ0439", "PQ0470", "PQ0471", "PQ0472"})

# Code -> sentence, whose slots are names and values. A code that is given up is not given to anything else.
MESSAGES: Mapping[str, str] = {**FORM, **NAMES, **TYPES, **STAGES, **WRITES, **SCHEMAS, **RUNNING, **DAEMON}


class CodedError(Exception):
    """An error whose `message` is the catalogue's sentence for `code`, its slots filled with `words`."""

    def __init__(self, code: str, **words: Any) -> None:
        self.code = code
        self.words: dict[str, Any] = words
        self.message = MESSAGES[code].format(**words)
        super().__init__(self.message)


def make_diagnostic(
    code: str, span: Span, *, candidates: Iterable[str] = (), fix: Fix | None = None, **words: object
) -> Diagnostic:
    """A diagnostic with the catalogue's sentence, its `{words}` filled in."""
    severity = Severity.WARNING if code in WARNINGS else Severity.ERROR
    return Diagnostic(code, span, MESSAGES[code].format(**words), tuple(candidates)[:3], fix, severity)


def similar_names(name: str, candidates: Iterable[str]) -> tuple[str, ...]:
    """Up to three candidates similar to `name`, case ignored, best first."""
    by_folded = {k.casefold(): k for k in candidates}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=3, cutoff=0.6)
    return tuple(by_folded[c] for c in close)


def replacement_fix(span: Span, candidates: tuple[str, ...]) -> Fix | None:
    """The edit that takes the best candidate, where there is one."""
    if not candidates or span == DUMMY_SPAN:
        return None
    return Fix(span, candidates[0], f"write {candidates[0]}")


def first_error(diagnostics: Iterable[Diagnostic]) -> Diagnostic | None:
    """The first that is no warning; None where the text can be run."""
    return next((d for d in diagnostics if d.severity is Severity.ERROR), None)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Is any of them an error, rather than a warning?"""
    return first_error(diagnostics) is not None
