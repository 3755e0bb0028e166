"""Character offsets, and the lines and UTF-16 columns that editors count in."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from lsprotocol import types

from paasq_dsl.source_text import Span

_LINE_END = re.compile(r"\r\n|\n|\r")
_BASIC_MAX = 0xFFFF  # characters above it are two units in UTF-16


@dataclass(frozen=True)
class LineIndex:
    """Of one text. A place past the end of a line, or of the text, is taken as that end."""

    text: str

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(found.end() for found in _LINE_END.finditer(self.text))]

    def to_position(self, offset: int) -> types.Position:
        """The line and UTF-16 column, both from 0, of a character offset."""
        offset = min(max(offset, 0), len(self.text))
        line = bisect_right(self._starts, offset) - 1
        before = self.text[self._starts[line] : offset]
        return types.Position(line, len(before) + sum(ord(c) > _BASIC_MAX for c in before))

    def to_range(self, span: Span) -> types.Range:
        """The protocol's range of a span."""
        return types.Range(self.to_position(span.start), self.to_position(span.end))

    def to_offset(self, position: types.Position) -> int:
        """Inside a pair of UTF-16 units: before the character."""
        if position.line >= len(self._starts):
            return len(self.text)
        at = self._starts[position.line]
        units = position.character
        while at < len(self.text) and self.text[at] not in "\r\n":
            units -= 1 + (ord(self.text[at]) > _BASIC_MAX)
            if units < 0:
                break
            at += 1
        return at

    def to_span(self, range_: types.Range) -> Span:
        """The span of a range of the protocol; the inverse of `to_range`."""
        return Span(self.to_offset(range_.start), self.to_offset(range_.end))
