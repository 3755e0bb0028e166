"""What a source expands to: one record of a collection; a let or a view, with its parameters."""

from __future__ import annotations

from collections.abc import Sequence

from paasq_dsl.binder.coercion import coerce
from paasq_dsl.binder.collection_declarations import bind_type
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import EMPTY_SCHEMA, bind_expression, coerce_arguments
from paasq_dsl.binder.inlining import InlineParameter, InlinePipeline
from paasq_dsl.bound import BoundStage, ColumnRef, Constant, FunctionCall, ScanStage, Schema, WhereStage
from paasq_dsl.diagnostics import Fix
from paasq_dsl.stages.follow import scan_schema
from paasq_dsl.syntax import tree
from paasq_dsl.types import BOOL, KEYWORD


def record_source(context: BindContext, source: tree.FromClause, key: str) -> tuple[BoundStage, ...]:
    """`from note:n1` is the scan of the collection and the one record of that key."""
    if source.name in context.lets or source.name in context.catalog.views:
        context.report("PQ0422", source.span, name=source.name)
        return (ScanStage(schema=Schema((), is_open=True)),)
    collection = context.resolve_collection(source.name, source.name_span)
    if collection is None:
        return (ScanStage(schema=Schema((), is_open=True)),)
    schema, span = scan_schema(collection), context.absolute_span(source.span)
    same = (ColumnRef("_key", KEYWORD, span), Constant(-1, KEYWORD, key, span))
    return ScanStage(schema=schema), WhereStage(FunctionCall("==", same, BOOL, span), schema=schema)


def declare_parameters(context: BindContext, taken: Sequence[tree.FormalParameter]) -> tuple[InlineParameter, ...]:
    """The parameters of a pipeline. From here on `$name` means them, in what is bound next, until `context.own` is emptied."""
    for each in taken:
        type_ = bind_type(context, each.type)
        if each.name in context.own_parameters:
            context.report("PQ0206", each.span, name=each.name)
        default = None
        if each.default is not None:
            bound = bind_expression(context, each.default, EMPTY_SCHEMA)
            default = coerce(context, bound, type_, each.default.span, f"the default of ${each.name}")
        elif any(earlier.default for earlier in context.own_parameters.values()):
            context.report("PQ0231", each.span, name=f"${each.name}")
        context.own_parameters[each.name] = InlineParameter(each.name, type_, default, each.declaration_text)
    return tuple(context.own_parameters.values())


def inline_pipeline(context: BindContext, found: InlinePipeline, source: tree.FromClause) -> tuple[BoundStage, ...]:
    """Its stages with the arguments of `source` in them."""
    if not found.parameters or source.arguments is None:
        if source.arguments is not None:
            reject_arguments(context, source, source.arguments)
        elif any(parameter.default is None for parameter in found.parameters):
            context.report("PQ0229", source.name_span, name=found.name, usage=found.usage)
            return found.stages
    written = source.arguments.values if source.arguments else ()
    bound = tuple(bind_expression(context, argument, EMPTY_SCHEMA) for argument in written)
    arguments = coerce_arguments(context, found, (source.span, *(a.span for a in written)), bound)
    if arguments is None:
        return found.stages
    stages = found.instantiate(arguments)
    if stages is None:
        context.report("PQ0222", source.name_span, name=found.name)
    return stages or found.stages


def reject_arguments(context: BindContext, source: tree.FromClause, arguments: tree.Arguments) -> None:
    """Of a collection, or of a pipeline without parameters."""
    edit = Fix(arguments.span, "", "take the brackets out")
    context.report("PQ0230", arguments.span, name=source.name, fix=edit)
