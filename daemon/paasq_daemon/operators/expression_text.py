"""Bound expressions as text, for explain. Literals show as ?1, ?2, ... as in the plan's key."""

from __future__ import annotations

from paasq_dsl.bound import (  # fmt: skip
    Apply,
    Bound,
    ColumnValue,
    Constant,
    MomentValue,
    Named,
    ParameterValue,
    PipelineValue,
    Traverse,
)
from paasq_dsl.syntax.lexer import quote_string

_INFIX = frozenset("== != < <= > >= + - * / % and or in has".split()) | {"not in", "has any", "has all"}


def show(bound: Bound) -> str:
    match bound:
        case Constant(slot=slot, value=value):
            return f"?{slot + 1}" if slot >= 0 else _value(value)
        case ParameterValue(name=name):
            return f"${name}"
        case MomentValue(name=name):
            return f"@{name}"
        case ColumnValue(name=name):
            return name
        case Traverse(base=base, name=name):
            return f"{show(base)}->{name}"
        case PipelineValue():
            return show_source(bound)
        case Apply():
            return _apply(bound)


def show_source(value: PipelineValue) -> str:
    """A pipeline by what it begins with; explain has a line for the rest of it."""
    return f"(from {value.source} ...)"


def show_item(item: Named) -> str:
    if isinstance(item.value, ColumnValue) and item.value.name == item.name:
        return item.name
    return f"{item.name} = {show(item.value)}"


def _value(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return quote_string(value) if isinstance(value, str) else str(value)


def _apply(bound: Apply) -> str:
    grouped = bound.function in _INFIX | {"not"}
    parts = [_grouped(a) if grouped else show(a) for a in bound.arguments]  # once each: expressions nest
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


def _grouped(bound: Bound) -> str:
    text = show(bound)
    return f"({text})" if isinstance(bound, Apply) and bound.function in _INFIX | {"not"} else text
