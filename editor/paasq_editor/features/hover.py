"""What the word under the pointer means."""

from __future__ import annotations

from lsprotocol import types

from paasq_dsl import assist
from paasq_dsl.catalog import Catalog
from paasq_dsl.modules import Modules
from paasq_editor.positions import Positions


def hover(text: str, position: types.Position, catalog: Catalog, modules: Modules) -> types.Hover | None:
    positions = Positions(text)
    found = assist.hover(text, positions.offset(position), catalog, modules)
    if found is None:
        return None
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, found.markdown), positions.range(found.span))
