"""The catalog of a document: the store's, when a daemon answers, and what files of its folder and those above declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from paasq_daemon.wire.project_modules import project_root
from paasq_dsl.catalog import Catalog
from paasq_dsl.syntax.parser import TEXT_CHARACTERS_MAX
from paasq_editor.analysis import declared_collections, declared_names

FILES_MAX = 200  # of a folder; more are no project of queries


@dataclass
class WorkspaceDeclarations:
    """What the `*.paasq` files around a document declare. A file is read again when its time or size has changed."""

    _read: dict[Path, tuple[tuple[int, int], Catalog]] = field(default_factory=dict)

    def catalog(self, document: Path, open_texts: Mapping[Path, str]) -> Catalog:
        """Of the files around `document`, without itself; `open_texts` are what editors hold unsaved. Never raises."""
        found = Catalog()
        for path in workspace_files(document, open_texts):
            declared = declared_collections(open_texts[path]) if path in open_texts else self._of_file(path)
            found = merge_catalogs(found, declared)
        return found

    def _of_file(self, path: Path) -> Catalog:
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            known = self._read.get(path)
            if known is not None and known[0] == stamp:
                return known[1]
            declared = declared_collections(_text_of(path))
        except (OSError, UnicodeDecodeError):
            return Catalog()
        self._read[path] = stamp, declared
        return declared


@dataclass
class WorkspaceCatalog:
    """`store_catalog` gives the store's catalog, None where no daemon answers."""

    store_catalog: Callable[[], Catalog | None]
    neighbours: WorkspaceDeclarations = field(default_factory=WorkspaceDeclarations)

    def catalog(self, document: Path | None, text: str, open_texts: Mapping[Path, str]) -> Catalog:
        """The store's collections, then those of the folder that the document does not declare itself."""
        stored = self.store_catalog() or Catalog()
        if document is None:
            return stored
        beside = self.neighbours.catalog(document, open_texts)
        own = declared_names(text) if beside.collections else ()
        others = {name: c for name, c in beside.collections.items() if name not in own}
        return merge_catalogs(stored, replace(beside, collections=others))


def workspace_files(document: Path, open_texts: Mapping[Path, str]) -> list[Path]:
    """The other `*.paasq` files of the document's folder, and of those above it up to its project's; those that editors
    hold unsaved too. Never raises."""
    project = project_root(document)
    folders = [folder for folder in document.parents if folder.is_relative_to(project)]
    found = {path for path in open_texts if path.parent in folders}
    for folder in folders:
        with suppress(OSError):
            found.update(folder.glob("*.paasq"))
    return sorted(found - {document})[:FILES_MAX]


def workspace_texts(document: Path, open_texts: Mapping[Path, str]) -> dict[Path, str]:
    """The texts of those that can be read."""
    found: dict[Path, str] = {}
    for path in workspace_files(document, open_texts):
        with suppress(OSError, UnicodeDecodeError):
            found[path] = open_texts[path] if path in open_texts else _text_of(path)
    return found


def _text_of(path: Path) -> str:
    """Empty where it is too large for a text."""
    return "" if path.stat().st_size > TEXT_CHARACTERS_MAX else path.read_text("utf-8")


def merge_catalogs(first: Catalog, second: Catalog) -> Catalog:
    """The collections of both; of two with one name the first."""
    return replace(first, collections={**second.collections, **first.collections})
