"""Which names a statement asked for while it was bound, and what it declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import TypeVar

from paasq_dsl.modules import Module, ModuleMissing, Resolver

T = TypeVar("T")


class Questioned(MutableMapping[str, T]):
    """`known` as seen by one statement. `asked` has each name that was read, with None where there was none; `listed` all
    names, where all were; `declared` what was written, which `known` is spared."""

    def __init__(self, known: Mapping[str, T]) -> None:
        self._known = known
        self.asked: dict[str, T | None] = {}
        self.listed: tuple[str, ...] | None = None
        self.declared: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name in self.declared:
            return self.declared[name]
        found = self.asked[name] = self._known.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        self.listed = tuple(self._known)
        yield from self.listed
        yield from (name for name in self.declared if name not in self._known)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __setitem__(self, name: str, value: T) -> None:
        self.declared[name] = value

    def __delitem__(self, name: str) -> None:
        raise NotImplementedError("nothing is taken back while a statement is bound")


class QuestionedModules:
    """A resolver that keeps what it was asked, and the answers."""

    def __init__(self, resolve: Resolver) -> None:
        self._resolve = resolve
        self.asked: dict[tuple[str, str | None], Module | ModuleMissing] = {}

    def __call__(self, path: str, importer: str | None) -> Module:
        found = self.asked[path, importer] = answer(self._resolve, path, importer)
        if isinstance(found, ModuleMissing):
            raise found
        return found


def answer(resolve: Resolver, path: str, importer: str | None) -> Module | ModuleMissing:
    """The module, or why there is none."""
    try:
        return resolve(path, importer)
    except ModuleMissing as why:
        return why.with_traceback(None)
