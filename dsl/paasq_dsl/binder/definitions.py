"""Functions and modules: what a text defines for the statements behind it."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from paasq_dsl.binder.coercion import coerce
from paasq_dsl.binder.collection_declarations import bind_type
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.binder.inlining import (
    DEPTH_MAX,
    SIZE_MAX,
    InlineFunction,
    InlineParameter,
    InlinePipeline,
    expression_complexity,
)
from paasq_dsl.bound import BoundExpression, ColumnInfo, Constant, Schema
from paasq_dsl.diagnostics import Diagnostic
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.modules import ModuleResolver, ModuleUnavailable
from paasq_dsl.source_text import SourceText, Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.parser import parse_script
from paasq_dsl.types import Type

MODULES_CACHED_MAX = 64  # an editor binds them with each key
IMPORT_DEPTH_MAX = 16  # modules and views that stand on one another
_IN_A_MODULE = (tree.LetHead, tree.ParameterDeclaration, tree.FunctionDeclaration, tree.Use)


@dataclass(frozen=True)
class ImportContext:
    """Where a text stands: `importer` is its module, `opened` the modules and views that led to it. `fresh_views` are those
    that the script at hand makes, by name."""

    resolve: ModuleResolver
    importer: str | None = None
    import_chain: tuple[str, ...] = ()
    fresh_views: MutableMapping[str, InlinePipeline] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParsedModule:
    path: str
    script: tree.Script


def bind_function(context: BindContext, node: tree.FunctionDeclaration, doc: str) -> None:
    """Declares it; its body may call those declared before it."""
    name_span = Span(node.span.start, node.span.start + len(node.name))
    if node.name in FUNCTIONS or node.name in context.functions:
        context.report("PQ0205", name_span, name=node.name)
        return
    parameters = _parameters(context, node.parameters)
    result = bind_type(context, node.result)
    body = _body(context, node, parameters, result)
    size, depth = expression_complexity(body)
    if size > SIZE_MAX or depth > DEPTH_MAX:
        context.report("PQ0222", name_span, name=node.name)
        return
    context.functions[node.name] = InlineFunction(node.name, tuple(parameters.values()), result, body, doc)


def _parameters(context: BindContext, taken: Sequence[tree.FormalParameter]) -> dict[str, InlineParameter]:
    """A default may be made of the parameters before it."""
    found: dict[str, InlineParameter] = {}
    for each in taken:
        type_ = bind_type(context, each.type)
        if each.name in found:
            context.report("PQ0205", each.span, name=each.name)
        default = None
        if each.default is not None:
            bound = bind_expression(context, each.default, _columns(found))
            default = coerce(context, bound, type_, each.default.span, f"the default of {each.name}")
        elif any(earlier.default for earlier in found.values()):
            context.report("PQ0231", each.span, name=each.name)
        found[each.name] = InlineParameter(each.name, type_, default, each.declaration_text)
    return found


def _columns(parameters: Mapping[str, InlineParameter]) -> Schema:
    return Schema(tuple(ColumnInfo(name, each.type) for name, each in parameters.items()))


def _body(
    context: BindContext, node: tree.FunctionDeclaration, parameters: Mapping[str, InlineParameter], result: Type
) -> BoundExpression:
    context.enclosing_function = node.name
    known = len(context.diagnostics)
    with context.subqueries_permitted(True):
        body = bind_expression(context, node.body, _columns(parameters))
    context.enclosing_function = None
    fitted = coerce(context, body, result, node.body.span, f"what {node.name} gives")
    # a broken body may name what is no parameter, which no call could put anything in the place of
    return (
        fitted
        if len(context.diagnostics) == known
        else Constant(-1, result, None, context.absolute_span(node.body.span))
    )


def read_module(context: BindContext, scope: ImportContext, node: tree.Use) -> ParsedModule | None:
    """Its statements, definitions all; reports what is wrong with it as one fault of the `use`."""
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
