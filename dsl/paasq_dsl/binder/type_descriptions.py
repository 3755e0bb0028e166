"""Types in the words of a diagnostic."""

from __future__ import annotations

from paasq_dsl.bound import BoundExpression, Constant
from paasq_dsl.types import KEYWORD, Type, TypeKind


def with_article(type_: Type) -> str:
    """The type as a noun phrase: `an int`, `a list [keyword]`, `text`."""
    text = str(type_)
    if type_.kind is TypeKind.LIST:
        return f"a list {text}"
    if type_.kind in {TypeKind.TEXT, TypeKind.NULL, TypeKind.BYTES}:
        return text
    if type_.kind is TypeKind.OBJECT:
        return f"an object {text}"
    return f"an {text}" if text[0] in "aeio" else f"a {text}"


def describe_expression(bound: BoundExpression) -> str:
    """What an expression is; a literal in quotes is a string, whatever type it takes on."""
    return "a string" if isinstance(bound, Constant) and bound.type == KEYWORD else with_article(bound.type)
