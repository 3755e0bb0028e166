"""What the word under the pointer means, and what is wrong with it."""

from __future__ import annotations

from lsprotocol import types

from paasq_dsl import language_service
from paasq_dsl.error_docs import explanation
from paasq_dsl.source_text import Span
from paasq_editor.analysis import DocumentAnalysis
from paasq_editor.line_index import LineIndex


def hover(analysis: DocumentAnalysis, position: types.Position) -> types.Hover | None:
    """An error is explained as the manual does; the editor shows its sentence by itself."""
    positions = LineIndex(analysis.text)
    offset = positions.to_offset(position)
    found = language_service.hover(analysis.text, offset, analysis.catalog, analysis.modules)
    wrong = next((d for d in analysis.diagnostics if d.span.start <= offset <= d.span.end), None)
    parts = [found.markdown] if found else []
    parts += [f"**{wrong.code}**: {explanation(wrong.code)}"] if wrong else []
    span = found.span if found else wrong.span if wrong else Span(offset, offset)
    if not parts:
        return None
    return types.Hover(
        types.MarkupContent(types.MarkupKind.Markdown, "\n\n---\n\n".join(parts)), positions.to_range(span)
    )
