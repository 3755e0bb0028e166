"""A diagnostic as a person reads it:

error[PQ0202]: pep has no field titel
  --> tour.paasq:4:18
   |
 4 | from pep | where titel == "x"
   |                  ^^^^^ did you mean title, topic or type?
   = mend: write title
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum

from paasq_dsl.diagnostics import Diagnostic
from paasq_dsl.source_text import SourceText

LINE_CHARACTERS_MAX = 160  # of a longer line, the part around the place is shown
_TAB = "    "


class Style(StrEnum):
    """What a part of a rendered diagnostic is, for those who colour it."""

    ERROR = "error"
    WARNING = "warning"
    MESSAGE = "message"
    GUTTER = "margin"
    TEXT = "text"
    FIX = "mend"


def render_diagnostic(source: SourceText, diagnostic: Diagnostic) -> Iterator[tuple[Style, str]]:
    """The rendered diagnostic part by part. Control characters are escaped, tabs are four spaces."""
    severity = Style(str(diagnostic.severity))
    line, column = source.line_column(min(diagnostic.span.start, len(source.text)))
    margin = " " * len(str(line))
    yield severity, f"{severity}[{diagnostic.code}]"
    yield Style.MESSAGE, f": {_printable(diagnostic.message)}\n"
    yield Style.GUTTER, f" {margin}--> "
    yield Style.TEXT, f"{_printable(source.name)}:{line}:{column}\n"
    before, marked, after = _around(source.line_text(line), column - 1, diagnostic.span.end - diagnostic.span.start)
    yield Style.GUTTER, f" {margin} |\n {line} | "
    yield Style.TEXT, f"{before}{marked}{after}".rstrip() + "\n"
    yield Style.GUTTER, f" {margin} | "
    yield severity, " " * _cells(before) + "^" * max(1, _cells(marked))
    if diagnostic.candidates:
        yield severity, f" did you mean {_either([_printable(name) for name in diagnostic.candidates])}?"
    if diagnostic.fix is not None:
        yield Style.GUTTER, f"\n {margin} = "
        yield Style.FIX, f"mend: {_printable(diagnostic.fix.title)}"


def _around(line: str, at: int, length: int) -> tuple[str, str, str]:
    """The line before, at and after the place, safe to print."""
    begin = max(0, at - LINE_CHARACTERS_MAX // 2) if len(line) > LINE_CHARACTERS_MAX else 0
    shown = line[begin : begin + LINE_CHARACTERS_MAX]
    at -= begin
    before, marked, after = (
        _printable(part.replace("\t", _TAB)) for part in (shown[:at], shown[at : at + length], shown[at + length :])
    )
    return before, marked, after


def _printable(text: str) -> str:
    """Text that cannot drive a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _cells(text: str) -> int:
    """How many columns of a terminal the text fills: wide characters two, combining ones none."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in {"W", "F"} else 1 for c in text
    )


def _either(names: Sequence[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}" if others else last
