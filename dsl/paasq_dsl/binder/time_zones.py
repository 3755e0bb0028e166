"""The time zone of a text, and that of each function which reads the calendar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from paasq_dsl.binder.context import BindContext
from paasq_dsl.bound import BoundExpression, Constant
from paasq_dsl.diagnostics import Fix
from paasq_dsl.functions.signature import Signature, parameter_type
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.lexer import format_string
from paasq_dsl.time_zones import DEFAULT_ZONE, find_zone, similar_zones
from paasq_dsl.types import KEYWORD, NUMERIC_KINDS

_BEFORE_A_ZONE = (tree.LetHead, tree.ParameterDeclaration, tree.FunctionDeclaration, tree.Use, tree.ErrorNode)


def set_zone(context: BindContext, statements: Iterable[tuple[tree.Statement, int]]) -> None:
    """One for a whole text, what it defines before the statement included. With each statement where its text begins."""
    may_stand = True
    for statement, start in statements:
        if isinstance(head := statement.head, tree.SetTimeZone):
            context.offset = statement.offset + start
            if not may_stand:
                context.report("PQ0123", head.span)
            elif _known(context, head.name, head.span):
                context.zone = head.name
            may_stand = False
        may_stand = may_stand and isinstance(head, _BEFORE_A_ZONE)


def check_zones(context: BindContext, asked: Sequence[str], written: Sequence[tree.Expression]) -> None:
    """Is each literal that stands for a zone the name of one?"""
    for word, node in zip(asked, written, strict=True):
        if word == "zone" and isinstance(node, tree.Literal) and isinstance(node.value, str):
            _known(context, node.value, node.span)


def with_session_zone(
    context: BindContext, candidate: Signature, arguments: tuple[BoundExpression, ...]
) -> tuple[BoundExpression, ...]:
    """With the zone of the text where the call could name one and does not. Numbers left out before it are 0."""
    left_out = candidate.parameters[len(arguments) :]
    if context.zone == DEFAULT_ZONE or left_out[-1:] != ("zone?",):
        return arguments
    types = [parameter_type(word.rstrip("?")) for word in left_out[:-1]]
    assert all(type_.kind in NUMERIC_KINDS for type_ in types)
    return (*arguments, *(Constant(-1, type_, 0) for type_ in types), session_zone(context))


def session_zone(context: BindContext) -> BoundExpression:
    """The time zone of the text as a constant that is part of the plan."""
    return Constant(-1, KEYWORD, context.zone)


def _known(context: BindContext, name: str, span: Span) -> bool:
    if find_zone(name) is not None:
        return True
    candidates = similar_zones(name)
    edit = Fix(span, format_string(candidates[0]), f"write {candidates[0]}") if candidates else None
    context.report("PQ0122", span, name=name, candidates=candidates, fix=edit)
    return False
