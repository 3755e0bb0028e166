"""Calls as other languages write them, and their equivalents here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.date_hints import date_literal_for
from paasq_dsl.binder.fixes import call_text, replace_node
from paasq_dsl.bound import BoundExpression
from paasq_dsl.diagnostics import Fix, replacement_fix
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import Function, closest_overloads
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.dialects.vocabulary import DIALECT_FUNCTIONS, DIALECT_LITERALS


def is_nullary(name: str) -> bool:
    """Is it a function that may have nothing in its brackets, as count?"""
    return name in FUNCTIONS and any(not signature.parameters for signature in FUNCTIONS[name].signatures)


def report_unknown_function(
    context: BindContext, node: tree.Call, arguments: Sequence[BoundExpression], known: Iterable[str]
) -> None:
    """`now()` is @now, `ago(7d)` is @now - 7d, `title.contains("x")` is contains(title, "x")."""
    value = DIALECT_LITERALS.get(node.name)
    if value is not None and not node.arguments:
        _report(context, node, value, Fix(node.span, value, f"write {value}"))
        return
    if node.name.lower() == "ago" and len(node.arguments) == 1:
        before = Span(node.span.start, node.arguments[0].span.start)
        _report(context, node, "@now - 7d", Fix(before, "(@now - ", "write @now - ..."))
        return
    if (meant := _rewritten(context, node, arguments)) is not None:
        _report(context, node, meant, replace_node(node, meant))
        return
    if node.name.lower() in _STAGES:
        better = f"| {_STAGES[node.name.lower()]}"
        context.report("PQ0203", node.name_span, name=node.name, candidates=(better,))
        return
    base, _, method = node.name.rpartition(".")
    function = method if method in FUNCTIONS else DIALECT_FUNCTIONS.get(method.lower())
    if base and function is not None and not any(name.startswith(f"{base}.") for name in context.functions):
        end = node.arguments[0].span.start if node.arguments else node.span.end
        text = f"{function}({base}, " if node.arguments else f"{function}({base})"
        _report(
            context, node, f"{function}({base})", Fix(Span(node.span.start, end), text, f"write {function}({base}...)")
        )
        return
    context.report_unknown(
        "PQ0203", node.name_span, node.name, known, equivalent=DIALECT_FUNCTIONS.get(node.name.lower())
    )


def report_no_matching_overload(
    context: BindContext, found: Function, node: tree.Call, arguments: Sequence[BoundExpression]
) -> None:
    """Arguments that none of its signatures takes: those are named that the most of them fit."""
    given = ", ".join(str(a.type) for a in arguments) or "nothing"
    near = closest_overloads(found.signatures, [a.type for a in arguments])
    expected = " or ".join(f"({', '.join(s.parameters)})" for s in near)
    candidates = (f"{found.name}_value",) if f"{found.name}_value" in FUNCTIONS and len(arguments) == 1 else ()
    edit = replacement_fix(node.name_span, candidates)
    context.report(
        "PQ0301",
        node.span,
        function=found.name,
        expected=expected,
        found=f"({given})",
        candidates=candidates,
        fix=edit,
    )


def _rewritten(context: BindContext, node: tree.Call, arguments: Sequence[BoundExpression]) -> str | None:
    """Calls that another name alone does not fix: `datetime(2026-10-01)`, `startofday(at)`, `isnotnull(a)`."""
    name = node.name.lower()
    if len(node.arguments) != 1:
        return None
    if name in _TIMES:
        return date_literal_for(context, arguments[0])
    if name in _NEGATED and (positive := call_text(_NEGATED[name], *node.arguments)) is not None:
        return f"not {positive}"
    edge, _, period = name.partition("of")
    if (
        edge in {"start", "end"}
        and period in _PERIODS
        and (call := call_text(f"{edge}_of", *node.arguments)) is not None
    ):
        return f'{call[:-1]}, "{period}")'
    return None


_TIMES = frozenset({"datetime", "date", "timestamp", "todatetime", "to_datetime", "time"})
_NEGATED = {
    "isnotnull": "is_null", "is_not_null": "is_null", "notnull": "is_null", "isnotempty": "is_blank", "isnotblank": "is_blank",
}  # fmt: skip
_PERIODS = frozenset({"day", "week", "month", "year"})
_STAGES = {
    "match": 'match field "words"',
    "match_phrase": 'match field "\\"a phrase\\""',
    "qstr": 'match "words"',
    "knn": "near field to ...",
}


def _report(context: BindContext, node: tree.Call, candidate: str, edit: Fix) -> None:
    context.report("PQ0203", node.name_span, name=node.name, candidates=(candidate,), fix=edit)
