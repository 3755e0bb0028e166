"""The modules of a script: the client reads them from its project and sends their texts; the daemon opens no files."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from paasq_dsl.modules import Module, ModuleResolver, ModuleUnavailable
from paasq_dsl.syntax.parser import TEXT_CHARACTERS_MAX, parse_script
from paasq_dsl.syntax.tree import Use

_PROJECT_MARKS = (".git", ".paasq", "pyproject.toml")
MODULES_MAX = 64  # of one script
PATHS_MAX, FOLDERS_MAX = 200, 500  # visited when a path is completed
_NOTHING_OPEN: Mapping[Path, str] = {}


def module_resolver(modules: Mapping[str, str]) -> ModuleResolver:
    """Finds among texts by path; a path is relative to the folder of what uses it."""

    def resolve(path: str, importer: str | None) -> Module:
        name = resolve_module_path(path, importer)
        if name not in modules:
            raise ModuleUnavailable("PQ0234", path=path)
        return Module(name, modules[name])

    return resolve


def resolve_module_path(path: str, importer: str | None) -> str:
    """The path relative to the script's folder. Raises ModuleUnavailable for an absolute one."""
    if path.startswith("/") or "\\" in path or "\0" in path:
        raise ModuleUnavailable("PQ0235", path=path)
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer or ""), path))


def project_root(script: Path) -> Path:
    """The nearest folder above the script that is marked as a project, else the script's own."""
    marked = (folder for folder in script.parents if any((folder / mark).exists() for mark in _PROJECT_MARKS))
    return next(marked, script.parent)


class ProjectModules:
    """Finds the modules of a script on the disk; keeps what it has read in `texts`. `opened` are texts that replace
    those on the disk, such as unsaved ones of an editor.

    No file outside the project is opened, whatever symbolic links lead to it.
    """

    def __init__(self, script: Path, opened: Mapping[Path, str] = _NOTHING_OPEN) -> None:
        self.texts: dict[str, str] = {}
        self._script = script.resolve()
        self._opened = {path.resolve(): text for path, text in opened.items()}
        self._folder = self._script.parent
        self._project = project_root(self._script)

    def __call__(self, path: str, importer: str | None) -> Module:
        name = resolve_module_path(path, importer)
        if name not in self.texts:
            self.texts[name] = self._read(name, path)
        return Module(name, self.texts[name])

    def read_all(self, text: str, importer: str | None = None) -> dict[str, str]:
        """The texts of all modules that a text uses, transitively. One that can't be read is left out: the binder reports it."""
        for statement in parse_script(text)[0].statements:
            if not isinstance(statement.head, Use) or len(self.texts) >= MODULES_MAX:
                continue
            try:
                known = resolve_module_path(statement.head.path, importer) in self.texts
                module = self(statement.head.path, importer)
            except ModuleUnavailable:
                continue
            if not known:
                self.read_all(module.text, module.path)
        return self.texts

    def paths(self) -> Sequence[str]:
        """The other `*.paasq` files of the project, relative to the script, nearest first; PATHS_MAX at most. Never raises."""
        found = (path for path in _files(self._project) if path != self._script)
        relative = (os.path.relpath(path, self._folder).replace(os.sep, "/") for path in islice(found, PATHS_MAX))
        return sorted(relative, key=lambda path: (path.count("../"), path.count("/"), path))

    def file(self, name: str) -> Path:
        """The file of the module with this path, symbolic links resolved."""
        return (self._folder / name).resolve()

    def _read(self, name: str, path: str) -> str:
        file = self.file(name)
        if not file.is_relative_to(self._project):
            raise ModuleUnavailable("PQ0236", path=path, project=self._project.name)
        if file in self._opened:
            return self._opened[file]
        try:
            if file.stat().st_size > TEXT_CHARACTERS_MAX:
                raise ModuleUnavailable("PQ0237", path=path, most=f"{TEXT_CHARACTERS_MAX:,}")
            return file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise ModuleUnavailable("PQ0234", path=path) from None


def _files(project: Path) -> Iterator[Path]:
    """The `*.paasq` files below a folder, those of hidden folders left out; links are not followed out of it."""
    for at, folders, files in islice(os.walk(project), FOLDERS_MAX):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "node_modules", "__pycache__")))
        yield from (Path(at) / name for name in sorted(files) if name.endswith(".paasq"))
