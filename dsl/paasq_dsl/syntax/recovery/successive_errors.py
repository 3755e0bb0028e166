"""Errors after the first one of a fragment: those that remain once the fix of each error before is applied.

Only errors that match a pattern are reported, and only at text that no earlier fix touched, so that no error is reported
that a fix itself introduced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher

from paasq_dsl.diagnostics import Diagnostic, Fix
from paasq_dsl.source_text import Span
from paasq_dsl.syntax.lexer import Token, tokenize
from paasq_dsl.syntax.recovery.error_patterns import match_error_pattern
from paasq_dsl.syntax.recovery.local_repair import REPAIR_CHARACTERS_MAX
from paasq_dsl.syntax.stage_splitter import without_trivia

ERRORS_MAX = 8  # of one fragment: each costs a parse


def successive_errors(text: str, start: str, first: Diagnostic, parses: Callable[[str], bool]) -> Iterator[Diagnostic]:
    """The errors after `first`, in the order in which fixing reveals them, with spans in `text`.

    Stops once the fixed fragment satisfies `parses`, an error has no fix, or after `ERRORS_MAX` errors.
    """
    found, fixed, origin = first, text, list(range(len(text)))
    parting = _parting(without_trivia(tokenize(text)))
    for _ in range(ERRORS_MAX):
        edit = found.fix
        if edit is None or len(text) > REPAIR_CHARACTERS_MAX:
            return
        origin[edit.span.start : edit.span.end] = _aligned(fixed, edit, origin)
        fixed = edit.apply(fixed)
        tokens = without_trivia(tokenize(fixed))
        if not tokens or _parting(tokens) != parting or parses(fixed):
            return
        error = match_error_pattern(tokens, start)
        span = None if error is None else _original(error.span, origin)
        if error is None or span is None:
            return
        found = error
        yield _placed(found, span, origin)


def _parting(tokens: Sequence[Token]) -> int:
    """The count of separators; a fix that adds one splits the fragment."""
    return sum(token.text in {"|", ";"} for token in tokens)


def _aligned(text: str, edit: Fix, origin: list[int]) -> list[int]:
    """Where each character that the edit writes was in the first text; -1 for what is new."""
    places = [-1] * len(edit.text)
    before = text[edit.span.start : edit.span.end]
    for old, new, size in SequenceMatcher(None, before, edit.text, autojunk=False).get_matching_blocks():
        places[new : new + size] = origin[edit.span.start + old : edit.span.start + old + size]
    return places


def _original(span: Span, origin: list[int]) -> Span | None:
    """None where a part of it is new."""
    places = origin[span.start : max(span.end, span.start + 1)]
    if not places or places[0] < 0 or places != list(range(places[0], places[0] + len(places))):
        return None
    return Span(places[0], places[0] + span.end - span.start)


def _placed(found: Diagnostic, span: Span, origin: list[int]) -> Diagnostic:
    where = found.fix and _original(found.fix.span, origin)
    edit = Fix(where, found.fix.text, found.fix.title) if found.fix and where else None
    return Diagnostic(found.code, span, found.message, found.candidates, edit, found.severity)
