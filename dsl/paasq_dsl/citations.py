"""Citations: the word that names a version of a record, or a part of its text then."""

from __future__ import annotations

import re
from dataclasses import dataclass

from paasq_dsl.diagnostics import CodedError
from paasq_dsl.syntax.lexer import NAME_PATTERN, REF_PATTERN, format_path, format_record_ref, unescape_string

# Each part follows the one before it: where the match ends, the next was expected.
_CITATION = re.compile(
    rf"\s*(?:(?P<record>{REF_PATTERN})(?:@(?P<version>\d{{1,18}})"
    rf"(?:\.(?P<field>{NAME_PATTERN}(?:\.(?:{NAME_PATTERN}))*)(?:\[(?P<start>\d{{1,9}})\.\.(?P<end>\d{{1,9}})\])?)?)?)?"
)
_PARTS = (("record", "a record, such as note:n1"), ("version", "@ and its version, such as @3"),
          ("field", "a . and a field"), ("end", "characters, such as [0..40]"))  # fmt: skip
_FOUND_CHARACTERS_MAX = 24


class CitationError(CodedError):
    """A text that is no citation: what is wrong with it, and at which character, counted from 1."""


@dataclass(frozen=True, slots=True)
class Citation:
    """`collection:key@version`, and where `field` is given `.field`, of which `span` (start, end) are the characters."""

    collection: str
    key: str
    version: int
    field: str | None = None
    span: tuple[int, int] | None = None

    def __str__(self) -> str:
        part = "" if self.field is None else f".{format_field_part(self.field, self.span)}"
        return f"{format_record_ref(self.collection, self.key)}@{self.version}{part}"


def format_field_part(field: str, span: tuple[int, int] | None) -> str:
    """The part of a citation that follows the version: `field`, or `field[start..end]`."""
    return format_path(field) + ("" if span is None else f"[{span[0]}..{span[1]}]")


def parse_citation(text: str) -> Citation:
    """The inverse of `str`. Raises CitationError."""
    written = text.rstrip()
    found = _CITATION.match(written)
    assert found is not None  # every part may be missing
    if found.end() < len(written) or found["version"] is None:
        rest = written[found.end() :]
        expected = next((words for part, words in _PARTS if found[part] is None), "its end")
        raise CitationError("PQ0438", expected=expected, place=found.end() + 1, rest=_shown(rest))
    collection, _, key = found["record"].partition(":")
    span = (int(found["start"]), int(found["end"])) if found["start"] else None
    if span is not None and span[0] > span[1]:
        raise CitationError("PQ0439", first=span[0], last=span[1])
    field = found["field"].replace("`", "") if found["field"] else None
    return Citation(
        collection, unescape_string(key) if key.startswith('"') else key, int(found["version"]), field, span
    )


def _shown(rest: str) -> str:
    if not rest:
        return "the end"
    return rest if len(rest) <= _FOUND_CHARACTERS_MAX else f"{rest[:_FOUND_CHARACTERS_MAX]}…"
