"""The word Run above each statement that can be run."""

from __future__ import annotations

from lsprotocol import types

from paasq_dsl.diagnostics import has_errors
from paasq_dsl.source_text import SourceText
from paasq_editor.analysis import DocumentAnalysis, Runnable
from paasq_editor.line_index import LineIndex

RUN_COMMAND = "paasq.run"  # an editor's own command


def code_lenses(analysis: DocumentAnalysis, uri: str) -> list[types.CodeLens]:
    """None over a statement that has an error. The arguments: the statement as a text that runs alone, the document
    and the place in it as `paasq run --at` takes it, and the names of the parameters to ask for."""
    source = SourceText(analysis.text)
    positions = LineIndex(analysis.text)
    return [
        types.CodeLens(
            positions.to_range(each.span), types.Command("Run", RUN_COMMAND, arguments=_arguments(source, uri, each))
        )
        for each in analysis.runnables()
        if not has_errors(d for d in analysis.diagnostics if each.span.start <= d.span.start <= each.span.end)
    ]


def _arguments(source: SourceText, uri: str, each: Runnable) -> list[types.LSPAny]:
    line, column = source.line_column(each.span.start)
    return [each.text, uri, f"{line}:{column}", list(each.parameters)]
