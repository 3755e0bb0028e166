"""Pipelines in brackets: those of a union, and those that give a list of values, as in `sender in (from person | ...)`."""

from __future__ import annotations

from dataclasses import replace

from paasq_dsl.binder.context import Context
from paasq_dsl.binder.inlining import DEPTH_MAX, SIZE_MAX, measure
from paasq_dsl.binder.type_descriptions import with_article
from paasq_dsl.bound import (
    Bound,
    BoundStage,
    BudgetStage,
    Constant,
    FacetStage,
    PageStage,
    PipelineValue,
    ScanStage,
    Schema,
)
from paasq_dsl.bound.traversal import nested
from paasq_dsl.diagnostics import Edit
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.lexer import quote_path
from paasq_dsl.syntax.tree import Budget
from paasq_dsl.types import ANY, Kind, list_of

STAGES_MAX = 100  # lets that hold lets double with each step
_OF_THE_ANSWER = (
    (PageStage, tree.Page, "PQ0467", "page"),
    (BudgetStage, Budget, "PQ0467", "budget"),
)
_BESIDE_ROWS = ((FacetStage, tree.Facet, "PQ0468", "facet"),)


def bind_bracketed(context: Context, node: tree.Pipeline, *, as_list: bool = False) -> tuple[BoundStage, ...]:
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
            stages[-1] = replace(stages[-1], schema=replace(stages[-1].schema, open=True))
    for kind, written_as, code, word in (*_OF_THE_ANSWER, *(_BESIDE_ROWS if as_list else ())):
        if any(isinstance(stage, kind) for stage in stages):
            spans = [written.span for written in node.stages if isinstance(written, written_as)]
            context.report(code, spans[0] if spans else node.source.span, stage=word)
    return tuple(stages)


def bind_pipeline_value(context: Context, node: tree.Pipeline, row: Schema) -> Bound:
    """A pipeline as the list of its values; a list of anything where something in it is wrong, and reported. `row` is what
    stands outside."""
    span = context.place(node.span)
    nothing = Constant(-1, list_of(ANY), None, span)
    if not context.runs_pipelines:
        context.report("PQ0460", node.span)
        return nothing
    with context.inside_brackets(row):
        stages = bind_bracketed(context, node, as_list=True)
    schema = stages[-1].schema
    if schema.open or not _is_one_column(context, node, schema):
        return nothing
    found = PipelineValue(stages, list_of(schema.visible[0].type), span)
    size, depth = measure(found)
    if sum(1 for _ in nested(stages)) > STAGES_MAX or size > SIZE_MAX or depth > DEPTH_MAX:
        context.report("PQ0464", node.span, most=STAGES_MAX)
        return nothing
    return found


def _is_one_column(context: Context, node: tree.Pipeline, schema: Schema) -> bool:
    shown = schema.shown
    end = Span(node.span.end - 1, node.span.end - 1)
    if len(shown) != 1:
        name = schema.collection.key if schema.collection and schema.collection.key in shown else next(iter(shown), "")
        edit = Edit(end, f" | select {quote_path(name)}", f"select {name}") if name else None
        found = ", ".join(shown) or "none"
        context.report("PQ0461", node.span, found=found, edit=edit)
        return False
    (name, type_), *_ = shown.items()
    if type_.kind is Kind.LIST:
        edit = Edit(end, f" | expand {quote_path(name)}", f"expand {name}")
        context.report("PQ0462", node.span, name=name, found=with_article(type_), mend="; expand it", edit=edit)
    elif type_.kind in {Kind.OBJECT, Kind.VECTOR}:
        context.report("PQ0462", node.span, name=name, found=with_article(type_), mend="")
    return type_.kind not in {Kind.LIST, Kind.OBJECT, Kind.VECTOR}
