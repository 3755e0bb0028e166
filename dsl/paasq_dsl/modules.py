"""Modules: texts that a script uses under an alias. Where they come from is the caller's to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from paasq_dsl.diagnostics import CodedError


class ModuleUnavailable(CodedError):
    """A module that can't be read. Two with the same message are equal."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModuleUnavailable) and self.message == other.message

    def __hash__(self) -> int:
        return hash(self.message)


@dataclass(frozen=True, slots=True)
class Module:
    """`path` identifies it, and is what its own `use` is relative to."""

    path: str
    text: str


class ModuleResolver(Protocol):
    """How the binder finds the text of a module that a `use` names."""

    def __call__(self, path: str, importer: str | None) -> Module:
        """The module at `path`, relative to the module `importer`, or where that is None to the script.

        Raises ModuleUnavailable.
        """
        ...


class ModuleProvider(ModuleResolver, Protocol):
    """A resolver that can also list its modules, for completion."""

    def paths(self) -> Sequence[str]:
        """Those that the script may use, as a `use` names them."""
        ...


class _NoModules:
    def __call__(self, path: str, importer: str | None) -> Module:
        del path, importer
        raise ModuleUnavailable("PQ0233")

    def paths(self) -> Sequence[str]:
        return ()


NO_MODULES: ModuleProvider = _NoModules()  # for texts that came without a file
