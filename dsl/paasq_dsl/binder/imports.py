"""Imports: `use` finds a module's text, parses it, and refuses one that holds more than definitions."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from functools import lru_cache

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.inlining import InlinePipeline
from paasq_dsl.diagnostics import Diagnostic
from paasq_dsl.modules import ModuleResolver, ModuleUnavailable
from paasq_dsl.source_text import SourceText
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.parser import parse_script

MODULES_CACHED_MAX = 64  # an editor binds them at each key press
IMPORT_DEPTH_MAX = 16  # modules and views, each used by the one before
_IN_A_MODULE = (tree.LetHead, tree.ParameterDeclaration, tree.FunctionDeclaration, tree.Use)


@dataclass(frozen=True)
class ImportContext:
    """Where imports of a text are resolved: `importer` is the path of the module it is, None for the script itself;
    `import_chain` the modules and views that led to it; `fresh_views` the views that the current script creates, by name."""

    resolve: ModuleResolver
    importer: str | None = None
    import_chain: tuple[str, ...] = ()
    fresh_views: MutableMapping[str, InlinePipeline] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParsedModule:
    """A module without errors: its identifying path and the tree of its statements, all of them definitions."""

    path: str
    script: tree.Script


def read_module(context: BindContext, scope: ImportContext, node: tree.Use) -> ParsedModule | None:
    """The module that `use` names, parsed; None where it can't be used, which is reported as one diagnostic of the `use`.

    Reports the resolver's code, PQ0238 (circular), PQ0239 (too deep), PQ0205 (alias in use) or PQ0224 (the first error in it).
    """
    try:
        module = scope.resolve(node.path, scope.importer)
    except ModuleUnavailable as why:
        context.report(why.code, node.path_span, **why.words)
        return None
    if module.path in scope.import_chain:
        context.report("PQ0238", node.path_span, path=node.path)
        return None
    if len(scope.import_chain) >= IMPORT_DEPTH_MAX:
        context.report("PQ0239", node.path_span, path=node.path, most=IMPORT_DEPTH_MAX)
        return None
    if any(name.startswith(f"{node.alias}.") for name in (*context.functions, *context.lets, *context.parameters)):
        context.report("PQ0205", node.span, name=node.alias)
        return None
    script, wrong = _parsed(module.text)
    odd = [s for s in script.statements if not isinstance(s.head, (*_IN_A_MODULE, tree.ErrorNode))]
    found = [(d.span, d.message) for d in wrong]
    found += [(s.span, "a module holds fn, let, param and use, nothing else") for s in odd]
    if found:
        span, message = min(found, key=lambda each: each[0])
        line = SourceText(module.text).line_column(span.start)[0]
        context.report("PQ0224", node.path_span, path=node.path, message=f"line {line}: {message}")
        return None
    return ParsedModule(module.path, script)


@lru_cache(MODULES_CACHED_MAX)
def _parsed(text: str) -> tuple[tree.Script, tuple[Diagnostic, ...]]:
    return parse_script(text)
