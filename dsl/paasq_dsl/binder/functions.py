"""Function declarations: `fn name(a: int) : int = a + 1` becomes an inline function of the context."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paasq_dsl.binder.coercion import coerce
from paasq_dsl.binder.collection_declarations import bind_type
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.binder.inlining import DEPTH_MAX, SIZE_MAX, InlineFunction, InlineParameter, expression_complexity
from paasq_dsl.bound import BoundExpression, ColumnInfo, Constant, Schema
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.types import Type


def bind_function(context: BindContext, node: tree.FunctionDeclaration, doc: str) -> None:
    """Add the function to `context.functions`; its body may call only functions declared before it.

    Reports PQ0205 for a name in use and PQ0222 for a body above `SIZE_MAX` nodes or `DEPTH_MAX` levels; neither is added.
    """
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


def _parameters(context: BindContext, declared: Sequence[tree.FormalParameter]) -> dict[str, InlineParameter]:
    """By name, in order; a default may name the parameters before it. Reports PQ0205 and PQ0231."""
    found: dict[str, InlineParameter] = {}
    for each in declared:
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
    # a broken body may name something that is no parameter, which inlining could not replace
    return (
        fitted
        if len(context.diagnostics) == known
        else Constant(-1, result, None, context.absolute_span(node.body.span))
    )
