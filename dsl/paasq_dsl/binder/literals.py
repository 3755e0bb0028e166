"""Literals and moments: values that are written in a text, or come with the time of a run."""

from __future__ import annotations

from datetime import UTC
from typing import cast

from paasq_dsl.binder.context import BindContext
from paasq_dsl.bound import BoundExpression, Constant, MomentRef, Schema
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.keywords import MOMENTS
from paasq_dsl.time_zones import find_zone
from paasq_dsl.types import ANY, BOOL, DURATION, FLOAT, INT, KEYWORD, NULL, TIME, Type
from paasq_dsl.values import INT_MAX, INT_MIN, LiteralValueError, parse_time


def bind_literal(context: BindContext, node: tree.Literal, _: Schema) -> BoundExpression:
    """A `Constant` that refers to the literal's slot; the value itself is in the plan only where it has no slot.
    Reports PQ0115 for an int of more than 64 bits."""
    found = literal_source(context, node)
    slot, span = found.slot, found.span
    if node.is_time:
        try:
            value = parse_time(cast("str", node.value), find_zone(context.zone) or UTC)
        except LiteralValueError as error:
            context.report(error.code, node.span, **error.words)
            return Constant(-1, ANY, None, span)
        return Constant(slot, TIME, None if slot >= 0 else value, span)
    if isinstance(node.value, int) and node.value > INT_MAX:
        context.report("PQ0115", node.span, found=node.value, low=INT_MIN, high=INT_MAX)
        return Constant(-1, ANY, None, span)
    if slot >= 0:
        context.literal_values[slot] = node.value
    return found


def literal_source(context: BindContext, node: tree.Literal) -> Constant:
    """Where the value of a literal comes from: its slot, or the plan."""
    slot = context.literal_slots.get(node.span.start + context.offset, -1)
    value = None if slot >= 0 else node.value
    return Constant(slot, _type_of(node.value), value, context.absolute_span(node.span))


def _type_of(value: object) -> Type:
    for python, type_ in ((bool, BOOL), (int, INT), (float, FLOAT), (str, KEYWORD), (type(None), NULL)):
        if isinstance(value, python):
            return type_
    return DURATION


def bind_moment(context: BindContext, node: tree.Moment, _: Schema) -> BoundExpression:
    """`@now`, `@today` and the like, in the time zone of the text; reports an unknown moment as PQ0406."""
    if node.name not in MOMENTS:
        context.report_unknown("PQ0406", node.span, f"@{node.name}", [f"@{m}" for m in MOMENTS], expected="a moment")
    return MomentRef(node.name, TIME, context.absolute_span(node.span), context.zone)
