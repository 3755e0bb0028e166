"""Places in a text: spans by character offset, and lines and columns for people and editors."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range of character offsets, `start <= offset < end`, in one text."""

    start: int
    end: int

    def shift(self, offset: int) -> Span:
        """The same range `offset` characters further on."""
        return Span(self.start + offset, self.end + offset)

    def cover(self, other: Span) -> Span:
        """The smallest span that covers both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


DUMMY_SPAN = Span(0, 0)


@dataclass(frozen=True)
class SourceText:
    """One text with its name (a path, or `<query>`)."""

    text: str
    name: str = "<query>"

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset of the first character of each line, ascending; the first is 0. Lines end with a newline."""
        return [0, *(i + 1 for i, c in enumerate(self.text) if c == "\n")]

    def line_column(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1, the column in characters."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line_text(self, line: int) -> str:
        """The text of a line, counted from 1, without its newline."""
        start = self.line_starts[line - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]
