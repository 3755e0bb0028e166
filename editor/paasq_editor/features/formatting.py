"""Formatting of a whole document."""

from __future__ import annotations

from lsprotocol import types

from paasq_dsl.source_text import Span
from paasq_dsl.syntax.format.formatter import format_text
from paasq_editor.line_index import LineIndex


def formatting(text: str) -> list[types.TextEdit]:
    """One edit that replaces what differs between the first and the last changed character; none where nothing does."""
    formatted = format_text(text)
    if formatted == text:
        return []
    start, end = _common(text, formatted)
    range_ = LineIndex(text).to_range(Span(start, len(text) - end))
    return [types.TextEdit(range_, formatted[start : len(formatted) - end])]


def _common(one: str, other: str) -> tuple[int, int]:
    """How many characters both begin with, and how many of the rest both end with."""
    most = min(len(one), len(other))
    start = next((i for i in range(most) if one[i] != other[i]), most)
    most -= start
    end = next((i for i in range(most) if one[-1 - i] != other[-1 - i]), most)
    return start, end
