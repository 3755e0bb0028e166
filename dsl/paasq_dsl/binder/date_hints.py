"""Dates that were written as something else: as a text, or without their @."""

from __future__ import annotations

from paasq_dsl.binder.context import BindContext
from paasq_dsl.bound import BoundExpression, Constant, FunctionCall
from paasq_dsl.diagnostics import Fix
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.keywords import MOMENTS
from paasq_dsl.syntax.lexer import tokenize
from paasq_dsl.values import Value, parse_time


def report_string_as_time(context: BindContext, node: tree.Binary, written: tree.Expression) -> None:
    """A text where a time is compared."""
    is_text = isinstance(written, tree.Literal) and isinstance(written.value, str)
    better = time_literal_for(written)
    edit = Fix(written.span, better, f"write {better}") if better else None
    span = written.span if is_text else node.span
    context.report("PQ0308", span, better=better or "@2026-11-22 or @today", fix=edit)


def time_literal_for(written: tree.Expression) -> str | None:
    """The time literal that a string stands in for."""
    if not isinstance(written, tree.Literal) or not isinstance(written.value, str) or written.is_time:
        return None
    return _as_time(written.value)


def _as_time(value: str) -> str | None:
    if value in MOMENTS:
        return f"@{value}"
    literal = f"@{value}".replace(" ", "T")
    try:
        parse_time(value)
    except ValueError:
        return None
    return literal if tokenize(literal)[0].text == literal else None


def report_bare_dates(context: BindContext, *written: tuple[BoundExpression, Span]) -> bool:
    """Report every `2026-01-31` that was read as two subtractions; was there one?"""
    found = False
    for bound, span in written:
        better = date_literal_for(context, bound)
        if better:
            context.report("PQ0318", span, better=better, fix=Fix(span, better, f"write {better}"))
            found = True
    return found


def date_literal_for(context: BindContext, bound: BoundExpression) -> str | None:
    """The date literal that two subtractions, such as `2026-01-02`, stand in for."""
    match bound:
        case FunctionCall(
            function="-",
            arguments=(
                FunctionCall(function="-", arguments=(Constant() as year, Constant() as month)),
                Constant() as day,
            ),
        ):
            match [_written_value(context, part) for part in (year, month, day)]:
                case [int(y), int(m), int(d)]:
                    return _as_time(f"{y:04}-{m:02}-{d:02}")
    return None


def _written_value(context: BindContext, constant: Constant) -> Value:
    return context.literal_values.get(constant.slot) if constant.slot >= 0 else constant.value
