"""The signature of a call while its arguments are typed."""

from __future__ import annotations

from lsprotocol import types

from paasq_dsl.catalog import Catalog
from paasq_dsl.language_service import signature_help
from paasq_dsl.modules import Modules
from paasq_editor.line_index import Positions

TRIGGERS = ["(", ","]


def signature(text: str, position: types.Position, catalog: Catalog, modules: Modules) -> types.SignatureHelp | None:
    found = signature_help(text, Positions(text).offset(position), catalog, modules)
    if found is None:
        return None
    doc = types.MarkupContent(types.MarkupKind.Markdown, found.doc) if found.doc else None
    ways = [
        types.SignatureInformation(
            way.label,
            documentation=doc,
            parameters=[types.ParameterInformation(parameter) for parameter in way.parameters],
            active_parameter=way.active,
        )
        for way in found.ways
    ]
    return types.SignatureHelp(ways, active_signature=found.active, active_parameter=found.ways[found.active].active)
