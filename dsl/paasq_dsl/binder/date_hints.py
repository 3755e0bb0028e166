"""Dates that were written as something else: as a text, or without their @."""

from __future__ import annotations

from paasq_dsl.binder.context import Context
from paasq_dsl.bound import Apply, Bound, Constant
from paasq_dsl.diagnostics import Edit
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.keywords import MOMENTS
from paasq_dsl.syntax.lexer import scan
from paasq_dsl.values import parse_time


def report_text(context: Context, node: tree.Binary, written: tree.Expression) -> None:
    """A text where a time is compared."""
    is_text = isinstance(written, tree.Literal) and isinstance(written.value, str)
    better = time_in_text(written)
    edit = Edit(written.span, better, f"write {better}") if better else None
    span = written.span if is_text else node.span
    context.report("PQ0308", span, better=better or "@2026-11-22 or @today", edit=edit)


def time_in_text(written: tree.Expression) -> str | None:
    """The literal that a text for a time was meant to be."""
    if not isinstance(written, tree.Literal) or not isinstance(written.value, str) or written.as_time:
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
    return literal if scan(literal)[0].text == literal else None


def report_bare_dates(context: Context, *written: tuple[Bound, Span]) -> bool:
    """Report every `2026-01-31` that was read as two subtractions; was there one?"""
    found = False
    for bound, span in written:
        better = bare_date(bound)
        if better:
            context.report("PQ0318", span, better=better, edit=Edit(span, better, f"write {better}"))
            found = True
    return found


def bare_date(bound: Bound) -> str | None:
    """The literal that two subtractions were meant to be."""
    match bound:
        case Apply(
            function="-",
            arguments=(
                Apply(function="-", arguments=(Constant(value=int(year)), Constant(value=int(month)))),
                Constant(value=int(day)),
            ),
        ):
            return _as_time(f"{year:04}-{month:02}-{day:02}")
    return None
