"""Where what a name speaks of is declared: in the document, in a module that it uses, or in a file of its folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lsprotocol import types

from paasq_daemon.wire.project_modules import ProjectModules
from paasq_dsl.catalog import Catalog
from paasq_dsl.language_service import declaration, mention_at
from paasq_dsl.modules import ModuleMissing, Modules
from paasq_editor.line_index import Positions


def definition(
    uri: str, text: str, position: types.Position, catalog: Catalog, modules: Modules, beside: Mapping[Path, str]
) -> types.Location | None:
    """`beside` are the texts of the files of the document's folder, in which collections and views are looked for."""
    mention = mention_at(text, Positions(text).offset(position), catalog, modules)
    if mention is None:
        return None
    if mention.path is None:
        places = [(uri, text), *((path.as_uri(), other) for path, other in beside.items())]
    elif isinstance(modules, ProjectModules):
        try:
            module = modules(mention.path, None)
        except ModuleMissing:
            return None
        places = [(modules.file(module.path).as_uri(), module.text)]
    else:
        return None
    for where, written in places:
        if (span := declaration(written, mention)) is not None:
            return types.Location(where, Positions(written).range(span))
    return None
