"""The time zone of a text, and that of each function which reads the calendar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from paasq_dsl.binder.context import Context
from paasq_dsl.bound import Bound, Constant
from paasq_dsl.diagnostics import Edit
from paasq_dsl.functions.signature import Signature, word_type
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.lexer import quote_string
from paasq_dsl.time_zones import DEFAULT_ZONE, nearest_zones, zone_of
from paasq_dsl.types import KEYWORD, NUMBER_KINDS

_BEFORE_A_ZONE = (tree.LetHead, tree.ParameterDeclaration, tree.FunctionDeclaration, tree.Use, tree.Broken)


def set_zone(context: Context, statements: Iterable[tuple[tree.Statement, int]]) -> None:
    """One for a whole text, what it defines before the statement included. With each statement where its text begins."""
    may_stand = True
    for statement, start in statements:
        if isinstance(head := statement.head, tree.Zone):
            context.offset = statement.offset + start
            if not may_stand:
                context.report("PQ0123", head.span)
            elif _known(context, head.name, head.span):
                context.zone = head.name
            may_stand = False
        may_stand = may_stand and isinstance(head, _BEFORE_A_ZONE)


def check_zones(context: Context, asked: Sequence[str], written: Sequence[tree.Expression]) -> None:
    """Is each literal that stands for a zone the name of one?"""
    for word, node in zip(asked, written, strict=True):
        if word == "zone" and isinstance(node, tree.Literal) and isinstance(node.value, str):
            _known(context, node.value, node.span)


def in_session_zone(context: Context, candidate: Signature, arguments: tuple[Bound, ...]) -> tuple[Bound, ...]:
    """With the zone of the text where the call could name one and does not. Numbers left out before it are 0."""
    left_out = candidate.parameters[len(arguments) :]
    if context.zone == DEFAULT_ZONE or left_out[-1:] != ("zone?",):
        return arguments
    types = [word_type(word.rstrip("?")) for word in left_out[:-1]]
    assert all(type_.kind in NUMBER_KINDS for type_ in types)
    return (*arguments, *(Constant(-1, type_, 0) for type_ in types), session_zone(context))


def session_zone(context: Context) -> Bound:
    return Constant(-1, KEYWORD, context.zone)


def _known(context: Context, name: str, span: Span) -> bool:
    if zone_of(name) is not None:
        return True
    candidates = nearest_zones(name)
    edit = Edit(span, quote_string(candidates[0]), f"write {candidates[0]}") if candidates else None
    context.report("PQ0122", span, name=name, candidates=candidates, edit=edit)
    return False
