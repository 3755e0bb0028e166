"""One state of one document as the language sees it. Nothing of the editors' protocol is in here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

from paasq_daemon.wire.modules import ProjectModules
from paasq_dsl.binder.bind import bind
from paasq_dsl.binder.recheck import Checker
from paasq_dsl.catalog import Catalog
from paasq_dsl.diagnostics import Diagnostic
from paasq_dsl.modules import NO_MODULES, Modules
from paasq_dsl.source import Span
from paasq_dsl.syntax import tree, tree_writes
from paasq_dsl.syntax.parse import parse
from paasq_dsl.syntax.tree_commands import FunctionDeclaration, Use

TEXTS_REMEMBERED = 32  # documents open at once, unsaved

_DEFINITIONS = (tree.ParameterDeclaration, tree.LetHead, FunctionDeclaration, Use)
_RUN = (
    tree.QueryHead,
    tree_writes.Put,
    tree_writes.Patch,
    tree_writes.Delete,
    tree_writes.Transaction,
    tree.CollectionDeclaration,
    tree.Command,
)


@dataclass(frozen=True, slots=True)
class Runnable:
    """A statement that can be run alone; `text` has the definitions above it too."""

    span: Span
    text: str


@dataclass(frozen=True)
class Analysis:
    """`catalog` is what stands outside the document: the store's, and what neighbouring files declare. `module_texts` are
    those of its modules by path. `checker` remembers the states before this one."""

    text: str
    catalog: Catalog
    modules: Modules = NO_MODULES
    module_texts: Mapping[str, str] = field(default_factory=dict)
    checker: Checker = field(default_factory=Checker, compare=False)

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """In the order of the text, with absolute spans."""
        return self.checker.check(self.text, self.catalog, self.modules).diagnostics

    def uses(self, path: Path) -> bool:
        """Is this file one of the modules?"""
        modules = self.modules
        return isinstance(modules, ProjectModules) and any(
            modules.file(name) == path.resolve() for name in self.module_texts
        )

    def runnable(self) -> Iterator[Runnable]:
        above = ""
        for statement in parse(self.text)[0].statements:
            written = self.text[statement.span.start : statement.span.end]
            if isinstance(statement.head, _DEFINITIONS):
                above += f"{written};\n"
            elif isinstance(statement.head, _RUN):
                yield Runnable(statement.span, above + written)


def declared_names(text: str) -> frozenset[str]:
    """The names of the collections that a text declares."""
    heads = (statement.head for statement in parse(text)[0].statements)
    return frozenset(head.name for head in heads if isinstance(head, tree.CollectionDeclaration))


@lru_cache(TEXTS_REMEMBERED)
def declared_collections(text: str) -> Catalog:
    """What the `collection` statements of a text declare."""
    script, _ = parse(text)
    declarations = tuple(s for s in script.statements if isinstance(s.head, tree.CollectionDeclaration))
    return bind(tree.Script(declarations), Catalog()).catalog
