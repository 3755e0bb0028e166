"""Diagnostics as they come over the wire, coloured for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from paasq_dsl.diagnostic_renderer import Role, diagnostic_parts
from paasq_dsl.diagnostics import Diagnostic, Edit, Severity
from paasq_dsl.source_text import Source, Span

_STYLES: Mapping[Role, str] = {
    Role.ERROR: "bold red",
    Role.WARNING: "bold yellow",
    Role.MESSAGE: "bold",
    Role.MARGIN: "blue",
    Role.TEXT: "",
    Role.MEND: "cyan",
}


def rendered(diagnostic: Mapping[str, Any], source: Source) -> Text:
    """`diagnostic` as `Diagnostic.to_json` writes it. The text ends with an empty line."""
    text = Text()
    for role, part in diagnostic_parts(source, _diagnostic_of(diagnostic)):
        text.append(part, _STYLES[role])
    return text.append("\n")


def _diagnostic_of(data: Mapping[str, Any]) -> Diagnostic:
    """The inverse of `Diagnostic.to_json`."""
    edit = data["edit"] and Edit(
        Span(data["edit"]["start"], data["edit"]["end"]), data["edit"]["text"], data["edit"]["title"]
    )
    span = Span(data["start"], data["end"])
    return Diagnostic(data["code"], span, data["message"], tuple(data["candidates"]), edit, Severity(data["severity"]))
