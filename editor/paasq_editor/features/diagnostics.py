"""Errors while typing."""

from __future__ import annotations

from lsprotocol import types

from paasq_dsl.diagnostics import Diagnostic, Severity
from paasq_editor.analysis import Analysis
from paasq_editor.line_index import Positions

SOURCE = "paasq"
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
}


def diagnostics(analysis: Analysis) -> list[types.Diagnostic]:
    positions = Positions(analysis.text)
    return [diagnostic(positions, found) for found in analysis.diagnostics]


def diagnostic(positions: Positions, found: Diagnostic) -> types.Diagnostic:
    message = found.message
    if found.candidates:
        message += f"; perhaps {' or '.join(found.candidates)}"
    return types.Diagnostic(
        range=positions.range(found.span),
        message=message,
        severity=_SEVERITIES[found.severity],
        code=found.code,
        source=SOURCE,
    )
