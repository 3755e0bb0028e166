"""Where the statements of a text begin and end: bounds alone, found without making tokens.

What stands between two bounds is split, parsed and checked by itself, so a key press costs one statement, not the text.
"""

from __future__ import annotations

import re

from paasq_dsl.source_text import Span

# Strings, quoted names and comments as the scanner reads them, open ones too; then what bounds a statement.
_LANDMARK = re.compile(
    r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?!"")(?:[^"\\\n]|\\[^\n])*"|""(?!")|`[^`\n]+`'
    r'|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/|/\*.*|""".*|"[^\n]*|[;{}]',
    re.DOTALL,
)
_FIRST_WORD = re.compile(r"(?:\s|//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/)*+([^\W\d]\w*)?")


def first_word(text: str, start: int = 0) -> str:
    """The word that a statement begins with, after space and comments; empty where it begins otherwise."""
    found = _FIRST_WORD.match(text, start)
    return (found and found[1]) or ""


def _holds_statements(text: str, start: int) -> bool:
    word = first_word(text, start)
    if word == "dryrun":
        word = first_word(text, text.index(word, start) + len(word))
    return word == "tx"


def split_statements(text: str, end: int | None = None) -> list[Span]:
    """Each statement with the space before it and without its `;`. The last one is what is left, perhaps nothing."""
    stop = len(text) if end is None else end
    spans: list[Span] = []
    start = 0
    depth = 0  # of braces, in a tx: its inner `;` end no statement
    for found in _LANDMARK.finditer(text, 0, stop):
        mark = found[0]
        if mark == "{":
            depth += bool(depth or _holds_statements(text, start))
        elif mark == "}":
            depth -= bool(depth)
        elif mark == ";" and depth:
            depth = 1
        elif mark == ";":
            spans.append(Span(start, found.start()))
            start = found.end()
    return [*spans, Span(start, stop)]
