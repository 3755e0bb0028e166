"""A small pretty printer after Wadler ("A prettier printer", 2003) and Oppen (1980), with comments that end lines.

A document is a string, a tuple of documents, or one of the classes here. A group is written on one line where it fits,
else each `Line` that stands in it directly ends the line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Line:
    """`flat` in a group that fits, else the end of the line. `hard`: always that; `blank`: an empty line too."""

    flat: str = " "
    hard: bool = False
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Nest:
    """What begins a line inside is indented two columns more."""

    body: Document


@dataclass(frozen=True, slots=True)
class Group:
    """A document that is written on one line where it fits in the width; else its own lines end."""

    body: Document


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment: on a line of its own, or after what was written last with `gap` spaces between."""

    text: str
    own_line: bool
    gap: int = 2

    @property
    def ends_line(self) -> bool:
        """Must a line end follow, as after `//` or a comment on a line of its own?"""
        return self.own_line or self.text.startswith("//")


Document: TypeAlias = "str | Line | Nest | Group | Comment | tuple[Document, ...]"
INDENT = 2


def render_document(doc: Document, width: int) -> str:
    """The document in lines of `width` characters at most, where it can be."""
    writer = _Writer(width)
    writer.write(doc)
    return "".join(writer.out)


class _Writer:
    def __init__(self, width: int) -> None:
        self.width = width
        self.out: list[str] = [""]  # the last is the indent while the line is at its start
        self.column = 0
        self.at_start = True  # of a line, after its indent
        self.must_end_line = False  # after a // comment
        self.rest: list[
            tuple[int, bool, Document]
        ] = []  # what is still to write: indent, flat?, document; next one last

    def write(self, doc: Document) -> None:
        self.rest.append((0, False, doc))
        while self.rest:
            indent, flat, part = self.rest.pop()
            match part:
                case str():
                    self._text(part, indent)
                case tuple():
                    self.rest.extend((indent, flat, p) for p in reversed(part))
                case Nest():
                    self.rest.append((indent + INDENT, flat, part.body))
                case Group():
                    self.rest.append((indent, flat or self._fits(part.body), part.body))
                case Line() if flat and not part.hard:
                    self._text(part.flat, indent)
                case Line():
                    self._end_line(indent, blank=part.blank)
                case Comment():
                    self._note(part, indent)

    def _text(self, text: str, indent: int) -> None:
        if self.must_end_line:
            self._end_line(indent)
        if not text or (text == " " and self.at_start):
            return
        self.out.append(text)
        _, newline, last = text.rpartition("\n")
        self.column = len(last) if newline else self.column + len(last)
        self.at_start = False

    def _end_line(self, indent: int, *, blank: bool = False) -> None:
        if self.at_start:
            self.out.pop()
        else:
            if self.out[-1] == " ":
                self.out.pop()
            self.out.append("\n\n" if blank else "\n")
        self.out.append(" " * indent)
        self.column, self.at_start, self.must_end_line = indent, True, False

    def _note(self, note: Comment, indent: int) -> None:
        if note.own_line and not self.at_start:
            self._end_line(indent)
        elif not self.at_start:
            self._text(" " * (note.gap if note.ends_line else 1), indent)
        self._text(note.text, indent)
        self.must_end_line = note.ends_line

    def _fits(self, doc: Document) -> bool:
        """Does `doc` fit into this line, with what follows it up to the next possible line end?"""
        room = self.width - self.column
        for flat, part in self._ahead(doc):
            match part:
                case str():
                    if "\n" in part:
                        return False
                    room -= len(part)
                case Line():
                    if part.hard or not flat:
                        return not flat
                    room -= len(part.flat)
                case Comment():
                    if part.ends_line or "\n" in part.text:
                        return not flat
                    room -= len(part.text) + 1
                case _:
                    raise AssertionError(part)
            if room < 0:
                return False
        return True

    def _ahead(self, doc: Document) -> Iterator[tuple[bool, str | Line | Comment]]:
        """The leaves of `doc`, flat, then those of what is still to write."""
        waiting: list[tuple[bool, Document]] = [(True, doc)]
        below = len(self.rest)
        while waiting or below:
            if not waiting:
                below -= 1
                waiting.append(self.rest[below][1:])
            flat, part = waiting.pop()
            match part:
                case tuple():
                    waiting.extend((flat, p) for p in reversed(part))
                case Nest() | Group():
                    waiting.append((flat, part.body))
                case _:
                    yield flat, part
