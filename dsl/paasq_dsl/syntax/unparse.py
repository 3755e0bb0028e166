"""A tree of an expression as text: one text for each tree, without comments, with the brackets that it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar, cast

from paasq_dsl.syntax.expressions import (
    Arrow,
    Binary,
    Call,
    Dot,
    Expression,
    ListOf,
    Literal,
    Logical,
    Moment,
    Name,
    Node,
    Parameter,
    Range,
    Ref,
    Unary,
)  # fmt: skip
from paasq_dsl.syntax.tokens import quote_name, quote_string, record_name

AnyNode = TypeVar("AnyNode", bound=Node)


def unparse(expression: Expression) -> str:
    """`parse_expression` of it gives the same tree, but for the spans."""
    return _WRITERS[type(expression)](expression)


def parts(expression: Node) -> Iterator[Node]:
    """The expression and all that it is made of."""
    yield expression
    for field in fields(expression):
        value = getattr(expression, field.name)
        for child in value if isinstance(value, tuple) else (value,):
            if isinstance(child, Node):
                yield from parts(child)


def path_name(expression: Node) -> str | None:
    """`address.city` of a name with what stands behind its dots; None of anything else."""
    if isinstance(expression, Name):
        return expression.name
    base = path_name(expression.base) if isinstance(expression, Dot) else None
    return None if base is None or not isinstance(expression, Dot) else f"{base}.{expression.name}"


def with_names(expression: AnyNode, names: Mapping[str, str]) -> AnyNode:
    """With other names in the place of some; `address.city` is one."""
    if (new := names.get(path_name(expression) or "")) is not None:
        first, *rest = new.split(".")
        renamed: Expression = Name(expression.span, first)
        for name in rest:
            renamed = Dot(expression.span, renamed, name)
        return cast("AnyNode", renamed)
    changed: dict[str, Any] = {}
    for field in fields(expression):
        value = getattr(expression, field.name)
        if isinstance(value, Node):
            changed[field.name] = with_names(value, names)
        elif isinstance(value, tuple):
            changed[field.name] = tuple(with_names(v, names) if isinstance(v, Node) else v for v in value)
    return replace(expression, **changed)


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
            return f"@{node.value}" if node.as_time else quote_string(node.value)
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
    """A record's key may hold dots and hyphens: a space ends it."""
    return f"{unparse(node)} " if isinstance(node, Ref) else _within(node, _PATH)


def _list(items: tuple[Expression, ...]) -> str:
    return ", ".join(unparse(item) for item in items)


_WRITERS: dict[type, Callable[[Any], str]] = {
    Literal: _literal,
    Moment: lambda node: f"@{node.name}",
    Name: lambda node: f"`{node.name}`" if node.name in _LITERAL_WORDS else quote_name(node.name),
    Parameter: lambda node: f"${node.name}",
    Ref: lambda node: record_name(node.collection, node.key),
    ListOf: lambda node: f"[{_list(node.items)}]",
    Range: lambda node: f"{_within(node.low, _SUM)}..{_within(node.high, _SUM)}",
    Unary: _unary,
    Binary: _binary,
    Logical: _logical,
    Call: lambda node: f"{node.name}({_list(node.arguments)})",
    Dot: lambda node: f"{_base(node.base)}.{quote_name(node.name)}",
    Arrow: lambda node: f"{_base(node.base)}->{quote_name(node.name)}",
}
