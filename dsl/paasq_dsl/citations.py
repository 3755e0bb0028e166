"""Citations: the word that names a version of a record, or a part of its text then."""

from __future__ import annotations

import re
from dataclasses import dataclass

from paasq_dsl.syntax.tokens import NAME_PATTERN, REF_PATTERN, quote_path, record_name, unquote

_CITATION = re.compile(
    rf"(?P<record>{REF_PATTERN})@(?P<version>\d{{1,18}})"
    rf"(?:\.(?P<field>{NAME_PATTERN}(?:\.(?:{NAME_PATTERN}))*)(?:\[(?P<start>\d{{1,9}})\.\.(?P<end>\d{{1,9}})\])?)?"
)


@dataclass(frozen=True, slots=True)
class Citation:
    """`collection:key@version`, and where `field` is given `.field`, of which `span` (start, end) are the characters."""

    collection: str
    key: str
    version: int
    field: str | None = None
    span: tuple[int, int] | None = None

    def __str__(self) -> str:
        part = "" if self.field is None else f".{field_part(self.field, self.span)}"
        return f"{record_name(self.collection, self.key)}@{self.version}{part}"


def field_part(field: str, span: tuple[int, int] | None) -> str:
    return quote_path(field) + ("" if span is None else f"[{span[0]}..{span[1]}]")


def parse_citation(text: str) -> Citation | None:
    """The inverse of `str`; None where the text is none."""
    found = _CITATION.fullmatch(text.strip())
    if found is None:
        return None
    collection, _, key = found["record"].partition(":")
    span = (int(found["start"]), int(found["end"])) if found["start"] else None
    if span is not None and span[0] > span[1]:
        return None
    field = found["field"].replace("`", "") if found["field"] else None
    return Citation(collection, unquote(key) if key.startswith('"') else key, int(found["version"]), field, span)
