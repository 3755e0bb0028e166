"""The signature of a call while its arguments are typed."""

from __future__ import annotations

from lsprotocol import types

from paasq_dsl.catalog import Catalog
from paasq_dsl.language_service import signature_help
from paasq_dsl.modules import ModuleProvider
from paasq_editor.line_index import LineIndex

TRIGGERS = ["(", ","]


def signature(
    text: str, position: types.Position, catalog: Catalog, modules: ModuleProvider
) -> types.SignatureHelp | None:
    """Serves `textDocument/signatureHelp`: the signatures of the call around the position, None outside a call."""
    found = signature_help(text, LineIndex(text).to_offset(position), catalog, modules)
    if found is None:
        return None
    doc = types.MarkupContent(types.MarkupKind.Markdown, found.doc) if found.doc else None
    ways = [
        types.SignatureInformation(
            way.label,
            documentation=doc,
            parameters=[types.ParameterInformation(parameter) for parameter in way.parameters],
            active_parameter=way.active_parameter,
        )
        for way in found.signatures
    ]
    return types.SignatureHelp(
        ways,
        active_signature=found.active_signature,
        active_parameter=found.signatures[found.active_signature].active_parameter,
    )
