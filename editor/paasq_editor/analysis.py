"""One state of one document as the language sees it. Nothing of the editors' protocol is in here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from paasq_daemon.wire.project_modules import ProjectModules
from paasq_dsl.binder.incremental import IncrementalChecker
from paasq_dsl.binder.script import bind_script
from paasq_dsl.catalog import Catalog
from paasq_dsl.diagnostics import Diagnostic
from paasq_dsl.modules import NO_MODULES, ModuleProvider
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.free_parameters import free_parameters
from paasq_dsl.syntax.parser import parse_script
from paasq_dsl.syntax.scanned_text import ScannedText
from paasq_dsl.syntax.tree import FunctionDeclaration, SetTimeZone, Use

TEXTS_CACHED_MAX = 32  # documents open at once, unsaved

_DEFINITIONS = (tree.ParameterDeclaration, tree.LetHead, FunctionDeclaration, Use, SetTimeZone)
_RUN = (
    tree.QueryHead,
    tree.Put,
    tree.Patch,
    tree.Delete,
    tree.Transaction,
    tree.CollectionDeclaration,
    tree.Command,
)


@dataclass(frozen=True, slots=True)
class Runnable:
    """A statement that can be run alone; `text` has the definitions above it too. `parameters` are the names, without `$`,
    of those that a run must give a value."""

    span: Span
    text: str
    parameters: tuple[str, ...]


@dataclass(frozen=True)
class DocumentAnalysis:
    """`catalog` is what the document can use: the store's, and what neighbouring files declare. `module_texts` are
    the texts of its modules by path. `checker` caches the outcomes of earlier states."""

    text: str
    catalog: Catalog
    modules: ModuleProvider = NO_MODULES
    module_texts: Mapping[str, str] = field(default_factory=dict)
    checker: IncrementalChecker = field(default_factory=IncrementalChecker, compare=False)

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """In the order of the text, with absolute spans."""
        return self.checker.check(self.text, self.catalog, self.modules).diagnostics

    def imports(self, path: Path) -> bool:
        """Is this file one of the modules?"""
        modules = self.modules
        return isinstance(modules, ProjectModules) and any(
            modules.file(name) == path.resolve() for name in self.module_texts
        )

    def runnables(self) -> Iterator[Runnable]:
        """The statements that can be run alone, in the order of the text, each with the definitions before it;
        definitions alone are none."""
        above: list[tuple[tree.Head, str]] = []
        for statement in parse_script(self.text)[0].statements:
            written = self.text[statement.span.start : statement.span.end]
            if isinstance(statement.head, _DEFINITIONS):
                above.append((statement.head, written))
            elif isinstance(statement.head, _RUN):
                definitions = "".join(f"{definition};\n" for _, definition in above)
                yield Runnable(statement.span, definitions + written, _asked(written, above))


def _asked(statement: str, above: Sequence[tuple[tree.Head, str]]) -> tuple[str, ...]:
    """The parameters without a default of a statement, and of the definitions that it goes through."""
    used = statement
    for head, definition in reversed(above):
        if isinstance(head, tree.LetHead | FunctionDeclaration) and re.search(rf"\b{re.escape(head.name)}\b", used):
            used += f";\n{definition}"
    filled = {
        head.name for head, _ in above if isinstance(head, tree.ParameterDeclaration) and head.default is not None
    }
    return tuple(sorted(free_parameters(ScannedText(used)) - filled))


def declared_names(text: str) -> frozenset[str]:
    """The names of the collections that a text declares."""
    heads = (statement.head for statement in parse_script(text)[0].statements)
    return frozenset(head.name for head in heads if isinstance(head, tree.CollectionDeclaration))


@lru_cache(TEXTS_CACHED_MAX)
def declared_collections(text: str) -> Catalog:
    """What the `collection` statements of a text declare."""
    script, _ = parse_script(text)
    declarations = tuple(s for s in script.statements if isinstance(s.head, tree.CollectionDeclaration))
    return bind_script(tree.Script(declarations), Catalog()).catalog
