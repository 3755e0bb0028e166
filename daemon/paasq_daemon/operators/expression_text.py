"""Bound expressions as text, for explain. Literals show as ?1, ?2, ... as in the plan's key."""

from __future__ import annotations

from paasq_dsl.bound import (  # fmt: skip
    BoundExpression,
    ColumnRef,
    Constant,
    Dereference,
    FunctionCall,
    MomentRef,
    NamedExpression,
    ParameterRef,
    Subquery,
)
from paasq_dsl.syntax.lexer import format_string

_INFIX = frozenset("== != < <= > >= + - * / % and or in has".split()) | {"not in", "has any", "has all"}


def expression_text(bound: BoundExpression) -> str:
    """The expression in the language's notation; a parameter as `$name`, a subquery as `(from source ...)`."""
    match bound:
        case Constant(slot=slot, value=value):
            return f"?{slot + 1}" if slot >= 0 else _value(value)
        case ParameterRef(name=name):
            return f"${name}"
        case MomentRef(name=name):
            return f"@{name}"
        case ColumnRef(name=name):
            return name
        case Dereference(base=base, name=name):
            return f"{expression_text(base)}->{name}"
        case Subquery():
            return subquery_text(bound)
        case FunctionCall():
            return _apply(bound)


def subquery_text(value: Subquery) -> str:
    """A pipeline by what it begins with; explain has a line for the rest of it."""
    return f"(from {value.source} ...)"


def show_item(item: NamedExpression) -> str:
    """`name = expression`, or the name alone where a column keeps its name."""
    if isinstance(item.value, ColumnRef) and item.value.name == item.name:
        return item.name
    return f"{item.name} = {expression_text(item.value)}"


def _value(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return format_string(value) if isinstance(value, str) else str(value)


def _apply(bound: FunctionCall) -> str:
    grouped = bound.function in _INFIX | {"not"}
    parts = [_grouped(a) if grouped else expression_text(a) for a in bound.arguments]  # once each: expressions nest
    match bound.function:
        case "..":
            return "..".join(parts)
        case "[]":
            return f"[{', '.join(parts)}]"
        case "negate":
            return f"-{parts[0]}"
        case "not":
            return f"not {parts[0]}"
        case name if name in _INFIX:
            return f" {name} ".join(parts)
        case name:
            return f"{name}({', '.join(parts)})"


def _grouped(bound: BoundExpression) -> str:
    text = expression_text(bound)
    return f"({text})" if isinstance(bound, FunctionCall) and bound.function in _INFIX | {"not"} else text
