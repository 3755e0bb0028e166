"""Which names a statement asked for while it was bound, and what it declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import TypeVar

from paasq_dsl.modules import Module, ModuleResolver, ModuleUnavailable

T = TypeVar("T")


class TrackedNames(MutableMapping[str, T]):
    """`known` as seen by one statement. `reads` has each name that was read, with None where there was none; `enumerated` all
    names, where all were; `declared` what was written, which `known` is spared."""

    def __init__(self, known: Mapping[str, T]) -> None:
        self._known = known
        self.reads: dict[str, T | None] = {}
        self.enumerated: tuple[str, ...] | None = None
        self.declared: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name in self.declared:
            return self.declared[name]
        found = self.reads[name] = self._known.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        self.enumerated = tuple(self._known)
        yield from self.enumerated
        yield from (name for name in self.declared if name not in self._known)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __setitem__(self, name: str, value: T) -> None:
        self.declared[name] = value

    def __delitem__(self, name: str) -> None:
        raise NotImplementedError("nothing is taken back while a statement is bound")


class TrackedModules:
    """A resolver that keeps what it was asked, and the answers."""

    def __init__(self, resolve: ModuleResolver) -> None:
        self._resolve = resolve
        self.reads: dict[tuple[str, str | None], Module | ModuleUnavailable] = {}

    def __call__(self, path: str, importer: str | None) -> Module:
        found = self.reads[path, importer] = resolve_or_error(self._resolve, path, importer)
        if isinstance(found, ModuleUnavailable):
            raise found
        return found


def resolve_or_error(resolve: ModuleResolver, path: str, importer: str | None) -> Module | ModuleUnavailable:
    """The module, or why there is none."""
    try:
        return resolve(path, importer)
    except ModuleUnavailable as why:
        return why.with_traceback(None)
