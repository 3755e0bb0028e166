"""Types in the words of a diagnostic."""

from __future__ import annotations

from paasq_dsl.bound import Bound, Constant
from paasq_dsl.types import KEYWORD, Kind, Type


def with_article(type_: Type) -> str:
    text = str(type_)
    if type_.kind is Kind.LIST:
        return f"a list {text}"
    if type_.kind in {Kind.TEXT, Kind.NULL, Kind.BYTES}:
        return text
    if type_.kind is Kind.OBJECT:
        return f"an object {text}"
    return f"an {text}" if text[0] in "aeio" else f"a {text}"


def found_words(bound: Bound) -> str:
    """What an expression is; a literal in quotes is a string, whatever type it takes on."""
    return "a string" if isinstance(bound, Constant) and bound.type == KEYWORD else with_article(bound.type)
