"""The word Run above each statement that can be run."""

from __future__ import annotations

from lsprotocol import types

from paasq_dsl.diagnostics import has_errors
from paasq_editor.analysis import Analysis
from paasq_editor.positions import Positions

RUN = "paasq.run"  # an editor's own command; its argument is the text to run


def lenses(analysis: Analysis) -> list[types.CodeLens]:
    """None over a statement that has an error."""
    positions = Positions(analysis.text)
    return [
        types.CodeLens(positions.range(each.span), types.Command("Run", RUN, arguments=[each.text]))
        for each in analysis.runnable()
        if not has_errors(d for d in analysis.diagnostics if each.span.start <= d.span.start <= each.span.end)
    ]
