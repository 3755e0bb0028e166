"""Types that a place asks for: what fits, what a parameter becomes, and what is reported where nothing does."""

from __future__ import annotations

from dataclasses import replace

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.date_hints import report_bare_dates
from paasq_dsl.binder.type_descriptions import describe_expression, with_article
from paasq_dsl.bound import BoundExpression, Constant, FunctionCall, ParameterRef
from paasq_dsl.diagnostics import replacement_fix
from paasq_dsl.functions.signature import unify
from paasq_dsl.source_text import Span
from paasq_dsl.types import FLOAT, Type, TypeKind


def check_groupable(context: BindContext, bound: BoundExpression, span: Span) -> None:
    """Can rows be grouped by it?"""
    if bound.type.kind in {TypeKind.LIST, TypeKind.VECTOR}:
        found = with_article(bound.type)
        expected = (
            "one value a row"
            if bound.type.kind is TypeKind.VECTOR
            else "one value a row (expand gives a row of each item)"
        )
        context.report("PQ0304", span, what="a group key", expected=expected, found=found)


def expect_type(
    context: BindContext, bound: BoundExpression, type_: Type, span: Span, what: str, better: str | None = None
) -> BoundExpression:
    """`bound`, a parameter made to be of `type_`; reports where the type can't be that. `better` is a suggestion."""
    bound = infer_parameter_type(bound, type_)
    if bound.type.kind is TypeKind.ANY:
        return bound
    together = unify(type_, bound.type)
    elsewhere = type_.kind is bound.type.kind is TypeKind.LINK and type_.name != bound.type.name
    if type_.kind is TypeKind.TIME and report_bare_dates(context, (bound, span)):
        return bound
    if (
        together is None
        or together.kind not in {type_.kind, TypeKind.TEXT}
        or bound.type.kind is TypeKind.NULL
        or elsewhere
    ):
        candidates = (better,) if better else ()
        edit = replacement_fix(span, candidates)
        expected, found = with_article(type_), describe_expression(bound)
        context.report("PQ0304", span, what=what, expected=expected, found=found, candidates=candidates, fix=edit)
    return bound


def infer_parameter_type(bound: BoundExpression, type_: Type) -> BoundExpression:
    """A parameter that was not declared takes the type of the other operand; everything else stays."""
    if isinstance(bound, ParameterRef) and bound.type.kind is TypeKind.ANY:
        return replace(bound, type=type_)
    return bound


def coerce(context: BindContext, bound: BoundExpression, type_: Type, span: Span, what: str) -> BoundExpression:
    """`bound` as a value of a declared type: an int is made a float, null is of every type; reports what does not fit."""
    bound = infer_parameter_type(bound, type_)
    if bound.type.kind is TypeKind.NULL:
        return Constant(-1, type_, None, context.absolute_span(span))
    bound = expect_type(context, bound, type_, span, what)
    if type_.kind is TypeKind.FLOAT and bound.type.kind is TypeKind.INT:
        return FunctionCall("float", (bound,), FLOAT, bound.span)
    return bound
