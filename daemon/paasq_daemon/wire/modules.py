"""The modules of a script: read from its project by the client, and sent along as texts. A daemon opens no file for them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path

from paasq_dsl.modules import Module, ModuleMissing, Resolver
from paasq_dsl.syntax.parse import TEXT_CHARACTERS_MAX, parse
from paasq_dsl.syntax.tree_commands import Use

_PROJECT_MARKS = (".git", ".paasq", "pyproject.toml")
MODULES_MAX = 64  # of one script


def resolver(modules: Mapping[str, str]) -> Resolver:
    """Finds among texts by path; a path is relative to the folder of what uses it."""

    def resolve(path: str, importer: str | None) -> Module:
        name = module_path(path, importer)
        if name not in modules:
            raise ModuleMissing(f"there is no module {path} beside this text")
        return Module(name, modules[name])

    return resolve


def module_path(path: str, importer: str | None) -> str:
    """The path relative to the script's folder. Raises ModuleMissing for one that is absolute."""
    if path.startswith("/") or "\\" in path or "\0" in path:
        raise ModuleMissing(f"{path} is no path relative to this text: write such as lib/mail.paasq")
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer or ""), path))


class ProjectModules:
    """Finds the modules of a script on the disk; keeps what it has read in `texts`.

    None outside its project is opened, by whatever links a path leads there. The project is the nearest folder above the
    script that is marked as one, else the script's own.
    """

    def __init__(self, script: Path) -> None:
        self.texts: dict[str, str] = {}
        self._folder = script.resolve().parent
        above = (self._folder, *self._folder.parents)
        marked = (folder for folder in above if any((folder / mark).exists() for mark in _PROJECT_MARKS))
        self._project = next(marked, self._folder)

    def __call__(self, path: str, importer: str | None) -> Module:
        name = module_path(path, importer)
        if name not in self.texts:
            self.texts[name] = self._read(name, path)
        return Module(name, self.texts[name])

    def read_all(self, text: str, importer: str | None = None) -> dict[str, str]:
        """The texts of all modules that a text uses, and those use. One that can't be had is left out: the binder says so."""
        for statement in parse(text)[0].statements:
            if not isinstance(statement.head, Use) or len(self.texts) >= MODULES_MAX:
                continue
            try:
                known = module_path(statement.head.path, importer) in self.texts
                module = self(statement.head.path, importer)
            except ModuleMissing:
                continue
            if not known:
                self.read_all(module.text, module.path)
        return self.texts

    def _read(self, name: str, path: str) -> str:
        file = (self._folder / name).resolve()
        if not file.is_relative_to(self._project):
            raise ModuleMissing(f"{path} leads out of the project {self._project.name}")
        try:
            if file.stat().st_size > TEXT_CHARACTERS_MAX:
                raise ModuleMissing(f"{path} is too large for a module")
            return file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise ModuleMissing(f"there is no module {path} beside this text") from None
