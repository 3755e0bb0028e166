"""Trees and bound plans as text for golden tests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from paasq_dsl.bound import (
    ColumnInfo,
    ColumnRef,
    Constant,
    Dereference,
    FunctionCall,
    MomentRef,
    NamedExpression,
    ParameterRef,
    Schema,
    Subquery,
)
from paasq_dsl.bound.traversal import stage_expressions, subqueries
from paasq_dsl.catalog import SYSTEM_COLUMNS
from paasq_dsl.diagnostic_renderer import render_diagnostic
from paasq_dsl.diagnostics import Diagnostic
from paasq_dsl.source_text import SourceText, Span
from paasq_dsl.syntax import tree
from paasq_dsl.types import Type
from paasq_dsl.values import Duration

INDENT = "  "


def script_text(script: tree.Script, text: str) -> str:
    """One node a line with its plain fields; after it, in angle brackets, the part of the text that its span covers."""
    lines: list[str] = []
    for statement in script.statements:
        lines.append("Statement" + (f" doc={statement.doc!r}" if statement.doc else ""))
        lines += _node(statement.head, text[statement.offset :], 1)
        for stage in statement.stages:
            lines += _node(stage.node, text[stage.offset :], 1)
        if statement.emit_clause is not None:
            lines += _node(statement.emit_clause.node, text[statement.emit_clause.offset :], 1)
    return "\n".join(lines)


def _node(node: tree.Node, text: str, depth: int, label: str = "") -> Iterator[str]:
    plain: list[str] = []
    children: list[tuple[str, tree.Node]] = []
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, tree.Node):
            children.append((field.name, value))
        elif isinstance(value, tuple) and value and isinstance(value[0], tree.Node):
            children += [(field.name, child) for child in value]
        elif not isinstance(value, Span) and value not in (None, (), False):
            plain.append(f"{field.name}={value if isinstance(value, Duration) else repr(value)}")
    covered = " ".join(text[node.span.start : node.span.end].split())
    name = f"{label}: {type(node).__name__}" if label else type(node).__name__
    yield f"{INDENT * depth}{' '.join([name, *plain])} <{covered}>"
    for child_label, child in children:
        yield from _node(child, text, depth + 1, child_label)


def bound_text(bound: Any) -> str:
    """A bound statement: a stage a line with its types, then the columns where they are others than before.

    Hidden columns have a ~; those that the store keeps of every record are left out.
    """
    if bound is None:
        return "broken"
    return "\n".join(_bound(bound, 0, None))


def _bound(node: Any, depth: int, before: Schema | None) -> Iterator[str]:
    plain: list[str] = []
    inside: list[Any] = []
    schema: Schema | None = None
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, Schema):
            schema = value
        elif _holds_stages(value):
            inside += value if isinstance(value, tuple) else (value,)
        elif field.name not in {"span", "doc"} and value not in (None, (), ""):
            plain.append(f"{field.name}={_value(value)}")
    if schema is not None:
        values = (value for expression in stage_expressions(node) for value in subqueries(expression))
        inside += (stage for value in values for stage in value.stages)
    yield f"{INDENT * depth}{' '.join([type(node).__name__, *plain])}"
    if schema is not None and (before is None or schema.columns != before.columns):
        shown = [_column(c) for c in schema.columns if not (c.hidden and c.name in SYSTEM_COLUMNS)]
        yield f"{INDENT * (depth + 1)}-> {', '.join(shown)}{', ...' if schema.is_open else ''}"
    for child in inside:
        yield from _bound(child, depth + 1, before)
        before = getattr(child, "schema", before)


def _column(column: ColumnInfo) -> str:
    return f"{'~' if column.hidden else ''}{column.name}: {column.type}"


def _holds_stages(value: Any) -> bool:
    name = type(value[0] if isinstance(value, tuple) and value else value).__name__
    return name in {"BoundQuery", "BoundPut", "BoundPatch", "BoundDelete"} or name.endswith(("Stage", "Branch"))


def _value(value: Any) -> str:
    match value:
        case Constant(value=constant, type=type_):
            return f"{constant if isinstance(constant, Duration) else repr(constant)}:{type_}"
        case ParameterRef(name=name, type=type_):
            return f"${name}:{type_}"
        case MomentRef(name=name):
            return f"@{name}"
        case ColumnRef(name=name, type=type_):
            return f"{name}:{type_}"
        case FunctionCall(function=function, arguments=arguments, type=type_):
            return f"{function}({', '.join(map(_value, arguments))}):{type_}"
        case Dereference(base=base, collection=collection, name=name, type=type_):
            return f"{_value(base)}->{collection}.{name}:{type_}"
        case Subquery(type=type_):
            return f"(below):{type_}"
        case NamedExpression(name=name, value=inner):
            return f"{name}={_value(inner)}"
        case tuple():
            return f"({', '.join(map(_value, value))})"
        case _ if is_dataclass(value) and hasattr(value, "key"):  # a collection
            return str(getattr(value, "name", value))
        case Type() | Duration():
            return str(value)
        case _ if is_dataclass(value):
            return f"{type(value).__name__}({', '.join(_value(getattr(value, f.name)) for f in fields(value))})"
        case _:
            return str(value) if isinstance(value, str) else repr(value)


def diagnostic_text(source: SourceText, diagnostic: Diagnostic) -> str:
    """As a person sees it, without colours and without a newline after the last line."""
    return "".join(text for _, text in render_diagnostic(source, diagnostic))
