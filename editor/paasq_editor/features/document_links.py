"""The paths of modules as links to their files."""

from __future__ import annotations

from lsprotocol import types

from paasq_daemon.wire.project_modules import ProjectModules
from paasq_dsl.modules import ModuleUnavailable
from paasq_dsl.syntax.parser import parse_script
from paasq_dsl.syntax.tree import Use
from paasq_editor.analysis import DocumentAnalysis
from paasq_editor.line_index import LineIndex


def document_links(analysis: DocumentAnalysis) -> list[types.DocumentLink]:
    """None of a module that is not there: its error says so."""
    modules = analysis.modules
    if not isinstance(modules, ProjectModules):
        return []
    positions = LineIndex(analysis.text)
    found: list[types.DocumentLink] = []
    for statement in parse_script(analysis.text)[0].statements:
        if not isinstance(statement.head, Use):
            continue
        try:
            module = modules(statement.head.path, None)
        except ModuleUnavailable:
            continue
        place = positions.to_range(statement.head.path_span.shift(statement.offset))
        found.append(types.DocumentLink(place, target=modules.file(module.path).as_uri()))
    return found
