"""Fixes: the edits that diagnostics bring with them."""

from __future__ import annotations

from lsprotocol import types

from paasq_dsl.diagnostics import Diagnostic, Fix
from paasq_editor.analysis import DocumentAnalysis
from paasq_editor.features.diagnostics import to_lsp_diagnostic
from paasq_editor.line_index import LineIndex


def code_actions(analysis: DocumentAnalysis, uri: str, range_: types.Range) -> list[types.CodeAction]:
    """One for each fix of a diagnostic that touches the range; other candidates follow the first."""
    positions = LineIndex(analysis.text)
    asked = positions.to_span(range_)
    return [
        _action(positions, uri, found, edit, preferred=i == 0)
        for found in analysis.diagnostics
        if found.span.start <= asked.end and asked.start <= found.span.end
        for i, edit in enumerate(_edits(found))
    ]


def _edits(found: Diagnostic) -> list[Fix]:
    """The fix, and the same with each other candidate in the place of the one it writes."""
    first = found.fix
    if first is None:
        return []
    others = found.candidates[1:] if found.candidates and first.text == found.candidates[0] else ()
    return [first, *(Fix(first.span, other, f"write {other}") for other in others)]


def _action(positions: LineIndex, uri: str, found: Diagnostic, edit: Fix, *, preferred: bool) -> types.CodeAction:
    change = types.TextEdit(positions.to_range(edit.span), edit.text)
    return types.CodeAction(
        title=edit.title[:1].upper() + edit.title[1:],
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[to_lsp_diagnostic(positions, found)],
        is_preferred=preferred,
        edit=types.WorkspaceEdit(changes={uri: [change]}),
    )
