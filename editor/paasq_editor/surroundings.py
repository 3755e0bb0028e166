"""The catalog around a document: the store's, when a daemon answers, and what the files of its folder declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from paasq_dsl.catalog import Catalog
from paasq_dsl.syntax.parse import TEXT_CHARACTERS_MAX
from paasq_editor.analysis import declared_collections, declared_names

FILES_MAX = 200  # of a folder; more are no project of queries


@dataclass
class Neighbours:
    """What the `*.paasq` files of a folder declare. A file is read again when its time or size has changed."""

    _read: dict[Path, tuple[tuple[int, int], Catalog]] = field(default_factory=dict)

    def catalog(self, document: Path, open_texts: Mapping[Path, str]) -> Catalog:
        """Of the files beside `document`, without itself; `open_texts` are what editors hold unsaved. Never raises."""
        found = Catalog()
        folder = document.parent
        try:
            saved = set(folder.glob("*.paasq"))
        except OSError:
            saved = set()
        unsaved = {path for path in open_texts if path.parent == folder}
        for path in sorted(saved | unsaved)[:FILES_MAX]:
            if path != document:
                declared = declared_collections(open_texts[path]) if path in open_texts else self._of_file(path)
                found = joined(found, declared)
        return found

    def _of_file(self, path: Path) -> Catalog:
        try:
            status = path.stat()
            stamp = (status.st_mtime_ns, status.st_size)
            known = self._read.get(path)
            if known is not None and known[0] == stamp:
                return known[1]
            if status.st_size > TEXT_CHARACTERS_MAX:
                return Catalog()
            declared = declared_collections(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            return Catalog()
        self._read[path] = stamp, declared
        return declared


@dataclass
class Surroundings:
    """`stored` gives the store's catalog, None where no daemon answers."""

    stored: Callable[[], Catalog | None]
    neighbours: Neighbours = field(default_factory=Neighbours)

    def catalog(self, document: Path | None, text: str, open_texts: Mapping[Path, str]) -> Catalog:
        """The store's collections, then those of the folder that the document does not declare itself."""
        stored = self.stored() or Catalog()
        if document is None:
            return stored
        beside = self.neighbours.catalog(document, open_texts)
        own = declared_names(text) if beside.collections else ()
        others = {name: c for name, c in beside.collections.items() if name not in own}
        return joined(stored, replace(beside, collections=others))


def joined(first: Catalog, second: Catalog) -> Catalog:
    """The collections of both; of two with one name the first."""
    return replace(first, collections={**second.collections, **first.collections})
