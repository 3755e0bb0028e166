"""Errors while typing."""

from __future__ import annotations

from lsprotocol import types

from paasq_dsl.diagnostics import Diagnostic, Severity
from paasq_editor.analysis import DocumentAnalysis
from paasq_editor.line_index import LineIndex

SOURCE = "paasq"
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
}


def diagnostics(analysis: DocumentAnalysis) -> list[types.Diagnostic]:
    """The diagnostics of a document for `textDocument/publishDiagnostics`, in the order of the text."""
    positions = LineIndex(analysis.text)
    return [to_lsp_diagnostic(positions, found) for found in analysis.diagnostics]


def to_lsp_diagnostic(positions: LineIndex, found: Diagnostic) -> types.Diagnostic:
    """A diagnostic in the protocol's form; its candidates are appended to the message."""
    message = found.message
    if found.candidates:
        message += f"; perhaps {' or '.join(found.candidates)}"
    return types.Diagnostic(
        range=positions.to_range(found.span),
        message=message,
        severity=_SEVERITIES[found.severity],
        code=found.code,
        source=SOURCE,
    )
