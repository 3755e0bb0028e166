"""Pipelines in brackets: those of a union, and those that give a list of values, as in `sender in (from person | ...)`."""

from __future__ import annotations

from dataclasses import replace

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.inlining import DEPTH_MAX, SIZE_MAX, expression_complexity
from paasq_dsl.binder.type_descriptions import with_article
from paasq_dsl.bound import (
    BoundExpression,
    BoundStage,
    BudgetStage,
    Constant,
    FacetStage,
    PageStage,
    ScanStage,
    Schema,
    Subquery,
)
from paasq_dsl.bound.traversal import walk_stages
from paasq_dsl.diagnostics import Fix
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.lexer import format_path
from paasq_dsl.syntax.tree import Budget
from paasq_dsl.types import ANY, TypeKind, list_of

STAGES_MAX = 100  # lets that hold lets double with each step
_OF_THE_ANSWER = (
    (PageStage, tree.Page, "PQ0467", "page"),
    (BudgetStage, Budget, "PQ0467", "budget"),
)
_BESIDE_ROWS = ((FacetStage, tree.Facet, "PQ0468", "facet"),)


def bind_nested_pipeline(
    context: BindContext, node: tree.NestedPipeline, *, as_list: bool = False
) -> tuple[BoundStage, ...]:
    """The stages of a pipeline that is part of a larger one: its rows, or `as_list` its values. What is one of the whole
    answer is refused in it."""
    stages = list(context.bind_source(node.source))
    first = stages[0]
    if isinstance(first, ScanStage) and first.as_of is not None:
        context.report("PQ0466", node.source.span)
    for written in node.stages:
        bound = context.bind_stage(written, stages[-1].schema)
        if bound is not None:
            stages.append(bound)
        else:
            stages[-1] = replace(stages[-1], schema=replace(stages[-1].schema, is_open=True))
    for kind, written_as, code, word in (*_OF_THE_ANSWER, *(_BESIDE_ROWS if as_list else ())):
        if any(isinstance(stage, kind) for stage in stages):
            spans = [written.span for written in node.stages if isinstance(written, written_as)]
            context.report(code, spans[0] if spans else node.source.span, stage=word)
    return tuple(stages)


def bind_subquery(context: BindContext, node: tree.NestedPipeline, outer_schema: Schema) -> BoundExpression:
    """A pipeline as the list of its values; a list of anything where something in it is wrong, and reported.

    `outer_schema` has the columns of the row that the expression is asked of."""
    span = context.absolute_span(node.span)
    nothing = Constant(-1, list_of(ANY), None, span)
    if not context.subqueries_allowed:
        context.report("PQ0460", node.span)
        return nothing
    with context.subquery_scope(outer_schema):
        stages = bind_nested_pipeline(context, node, as_list=True)
    schema = stages[-1].schema
    if schema.is_open or not _is_one_column(context, node, schema):
        return nothing
    found = Subquery(stages, list_of(schema.visible_columns[0].type), span)
    size, depth = expression_complexity(found)
    if sum(1 for _ in walk_stages(stages)) > STAGES_MAX or size > SIZE_MAX or depth > DEPTH_MAX:
        context.report("PQ0464", node.span, most=STAGES_MAX)
        return nothing
    return found


def _is_one_column(context: BindContext, node: tree.NestedPipeline, schema: Schema) -> bool:
    shown = schema.result_types
    end = Span(node.span.end - 1, node.span.end - 1)
    if len(shown) != 1:
        name = schema.collection.key if schema.collection and schema.collection.key in shown else next(iter(shown), "")
        edit = Fix(end, f" | select {format_path(name)}", f"select {name}") if name else None
        found = ", ".join(shown) or "none"
        context.report("PQ0461", node.span, found=found, fix=edit)
        return False
    (name, type_), *_ = shown.items()
    if type_.kind is TypeKind.LIST:
        edit = Fix(end, f" | expand {format_path(name)}", f"expand {name}")
        context.report("PQ0480", node.span, name=name, type=with_article(type_), fix=edit)
    elif type_.kind in {TypeKind.OBJECT, TypeKind.VECTOR}:
        code = "PQ0481" if type_.kind is TypeKind.OBJECT else "PQ0482"
        context.report(code, node.span, name=name, type=with_article(type_))
    return type_.kind not in {TypeKind.LIST, TypeKind.OBJECT, TypeKind.VECTOR}
