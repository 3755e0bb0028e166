"""The paths of modules as links to their files."""

from __future__ import annotations

from lsprotocol import types

from paasq_daemon.wire.project_modules import ProjectModules
from paasq_dsl.modules import ModuleMissing
from paasq_dsl.syntax.parser import parse
from paasq_dsl.syntax.tree import Use
from paasq_editor.analysis import Analysis
from paasq_editor.line_index import Positions


def links(analysis: Analysis) -> list[types.DocumentLink]:
    """None of a module that is not there: its error says so."""
    modules = analysis.modules
    if not isinstance(modules, ProjectModules):
        return []
    positions = Positions(analysis.text)
    found: list[types.DocumentLink] = []
    for statement in parse(analysis.text)[0].statements:
        if not isinstance(statement.head, Use):
            continue
        try:
            module = modules(statement.head.path, None)
        except ModuleMissing:
            continue
        place = positions.range(statement.head.path_span.shift(statement.offset))
        found.append(types.DocumentLink(place, target=modules.file(module.path).as_uri()))
    return found
