"""A tree of an expression as text: one text for each tree, without comments, with the brackets that it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paasq_dsl.syntax.lexer import format_name, format_record_ref, format_string
from paasq_dsl.syntax.tree import (
    Binary,
    Call,
    Expression,
    LinkAccess,
    ListLiteral,
    Literal,
    Logical,
    MemberAccess,
    Moment,
    Name,
    NestedPipeline,
    Parameter,
    Range,
    RecordRef,
    Unary,
)


def unparse(expression: Expression) -> str:
    """`parse_expression` of it gives the same tree, but for the spans. Of a pipeline, which no catalog keeps in an
    expression, only the beginning is written."""
    return _WRITERS[type(expression)](expression)


# How tightly an expression holds together, loosest first, as in the grammar.
_OR, _AND, _NOT, _COMPARISON, _RANGE, _SUM, _PRODUCT, _SIGN, _PATH = range(9)
_LEVELS = {"or": _OR, "and": _AND, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT}


_LITERAL_WORDS = frozenset({"not", "true", "false", "null"})


def _level(expression: Expression) -> int:
    match expression:
        case Logical(operator=operator):
            return _LEVELS[operator]
        case Unary(operator=operator):
            return _NOT if operator == "not" else _SIGN
        case Binary(operator=operator):
            return _LEVELS.get(operator, _COMPARISON)
        case Range():
            return _RANGE
        case _:
            return _PATH


def _within(expression: Expression, level: int) -> str:
    """In brackets where it holds together less than that."""
    text = unparse(expression)
    return text if _level(expression) >= level else f"({text})"


def _literal(node: Literal) -> str:
    match node.value:
        case None:
            return "null"
        case bool():
            return str(node.value).lower()
        case str():
            return f"@{node.value}" if node.is_time else format_string(node.value)
        case float():
            return repr(node.value)
        case _:
            return str(node.value)


def _unary(node: Unary) -> str:
    return f"not {_within(node.operand, _NOT)}" if node.operator == "not" else f"-{_within(node.operand, _SIGN)}"


def _binary(node: Binary) -> str:
    level = _level(node)
    left = _RANGE if level == _COMPARISON else level  # a comparison can't be followed by another
    return f"{_within(node.left, left)} {node.operator} {_within(node.right, level + 1)}"


def _logical(node: Logical) -> str:
    return f" {node.operator} ".join(_within(operand, _level(node) + 1) for operand in node.operands)


def _base(node: Expression) -> str:
    """What precedes a dot. A record's key may hold dots: a space ends it."""
    return f"{unparse(node)} " if isinstance(node, RecordRef) else _within(node, _PATH)


def _list(items: tuple[Expression, ...]) -> str:
    return ", ".join(unparse(item) for item in items)


_WRITERS: dict[type, Callable[[Any], str]] = {
    Literal: _literal,
    Moment: lambda node: f"@{node.name}",
    Name: lambda node: f"`{node.name}`" if node.name in _LITERAL_WORDS else format_name(node.name),
    Parameter: lambda node: f"${node.name}",
    RecordRef: lambda node: format_record_ref(node.collection, node.key),
    ListLiteral: lambda node: f"[{_list(node.items)}]",
    Range: lambda node: f"{_within(node.low, _SUM)}..{_within(node.high, _SUM)}",
    Unary: _unary,
    Binary: _binary,
    Logical: _logical,
    Call: lambda node: f"{node.name}({_list(node.arguments)})",
    MemberAccess: lambda node: f"{_base(node.base)}.{format_name(node.name)}",
    NestedPipeline: lambda node: f"(from {node.source.name} ...)",
    LinkAccess: lambda node: f"{_within(node.base, _PATH)}->{format_name(node.name)}",
}
