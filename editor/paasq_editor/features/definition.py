"""Where what a name speaks of is declared: in the document, in a module that it uses, or in a file of its folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lsprotocol import types

from paasq_daemon.wire.project_modules import ProjectModules
from paasq_dsl.catalog import Catalog
from paasq_dsl.language_service import find_declaration, symbol_at
from paasq_dsl.modules import ModuleProvider, ModuleUnavailable
from paasq_editor.line_index import LineIndex


def definition(
    uri: str,
    text: str,
    position: types.Position,
    catalog: Catalog,
    modules: ModuleProvider,
    workspace_texts: Mapping[Path, str],
) -> types.Location | None:
    """`workspace_texts` are the texts of the folder's other files, which are searched for collections and views."""
    mention = symbol_at(text, LineIndex(text).to_offset(position), catalog, modules)
    if mention is None:
        return None
    if mention.module_path is None:
        places = [(uri, text), *((path.as_uri(), other) for path, other in workspace_texts.items())]
    elif isinstance(modules, ProjectModules):
        try:
            module = modules(mention.module_path, None)
        except ModuleUnavailable:
            return None
        places = [(modules.file(module.path).as_uri(), module.text)]
    else:
        return None
    for where, written in places:
        if (span := find_declaration(written, mention)) is not None:
            return types.Location(where, LineIndex(written).to_range(span))
    return None
