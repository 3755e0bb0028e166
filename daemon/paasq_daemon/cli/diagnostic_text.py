"""Diagnostics as they come over the wire, coloured for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from paasq_dsl.diagnostic_renderer import Style, render_diagnostic
from paasq_dsl.diagnostics import Diagnostic, Fix, Severity
from paasq_dsl.source_text import SourceText, Span

_STYLES: Mapping[Style, str] = {
    Style.ERROR: "bold red",
    Style.WARNING: "bold yellow",
    Style.MESSAGE: "bold",
    Style.GUTTER: "blue",
    Style.TEXT: "",
    Style.FIX: "cyan",
}


def rendered(diagnostic: Mapping[str, Any], source: SourceText) -> Text:
    """`diagnostic` as `Diagnostic.to_json` writes it. The text ends with an empty line."""
    text = Text()
    for role, part in render_diagnostic(source, _diagnostic_of(diagnostic)):
        text.append(part, _STYLES[role])
    return text.append("\n")


def _diagnostic_of(data: Mapping[str, Any]) -> Diagnostic:
    """The inverse of `Diagnostic.to_json`."""
    edit = data["edit"] and Fix(
        Span(data["edit"]["start"], data["edit"]["end"]), data["edit"]["text"], data["edit"]["title"]
    )
    span = Span(data["start"], data["end"])
    return Diagnostic(data["code"], span, data["message"], tuple(data["candidates"]), edit, Severity(data["severity"]))
