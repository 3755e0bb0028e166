"""Expressions over one row at a time, with the null rules of the language."""

from __future__ import annotations

import binascii
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_dsl.bound import (
    BoundExpression,
    ColumnRef,
    Constant,
    Dereference,
    FunctionCall,
    MomentRef,
    ParameterRef,
    Subquery,
)
from paasq_dsl.types import Type, TypeKind
from paasq_dsl.values import INT_MAX, INT_MIN, MICROS_PER_UNIT, Duration, add_months, parse_duration, parse_time
from reference.functions import FUNCTIONS
from reference.library import instant, length_us, shown
from reference.records import Records, Refused, Row


def none_listed(value: Subquery) -> list[Any]:
    raise AssertionError(f"{value} is run by no one")


@dataclass(frozen=True)
class Evaluator:
    """`row` to `value`. One a run, since all of a run has one `now`."""

    records: Records
    inputs: ExecutionInputs
    listed: Callable[[Subquery], list[Any]] = none_listed  # the values of a pipeline in an expression

    def value(self, bound: BoundExpression, row: Row) -> Any:
        return fitted(_EVALUATE[type(bound)](self, bound, row), bound.type)

    def holds(self, condition: BoundExpression, row: Row) -> bool:
        return self.value(condition, row) is True


def fitted(value: Any, type_: Type) -> Any:
    """An int is a float where the type says so."""
    if type_.kind is TypeKind.FLOAT and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type_.kind is TypeKind.LIST and type_.item is not None and isinstance(value, list):
        return [fitted(item, type_.item) for item in value]
    return value


def order_key(value: Any) -> Any:
    """What a value is ordered and told apart by: a duration by its length, a list by its items."""
    if isinstance(value, Duration):
        return length_us(value)
    return tuple(order_key(item) for item in value) if isinstance(value, list) else value


def equal(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    return bool(order_key(left) == order_key(right))


def _constant(evaluator: Evaluator, bound: Constant, _: Row) -> Any:
    return evaluator.inputs.literals[bound.slot] if bound.slot >= 0 else bound.value


def _parameter(evaluator: Evaluator, bound: ParameterRef, _: Row) -> Any:
    if bound.name not in evaluator.inputs.parameters:
        raise Refused(f"no value for ${bound.name}")
    return _given(evaluator.inputs.parameters[bound.name], bound.type, ZoneInfo(bound.zone))


def _given(value: Any, type_: Type, zone: ZoneInfo) -> Any:
    if isinstance(value, str) and type_.kind is TypeKind.TIME:
        return parse_time(value, zone)
    if isinstance(value, str) and type_.kind is TypeKind.DURATION:
        return parse_duration(value)
    if isinstance(value, str) and type_.kind is TypeKind.BYTES:
        return binascii.a2b_base64(value)
    if isinstance(value, list) and type_.item is not None:
        return [_given(item, type_.item, zone) for item in value]
    return value


def _moment(evaluator: Evaluator, bound: MomentRef, _: Row) -> int:
    if bound.name == "now":
        return evaluator.inputs.now_us
    midnight = shown(evaluator.inputs.now_us, bound.zone) // MICROS_PER_UNIT["d"] * MICROS_PER_UNIT["d"]
    return instant(
        midnight + {"yesterday": -1, "today": 0, "tomorrow": 1}[bound.name] * MICROS_PER_UNIT["d"], bound.zone
    )


def _column(_: Evaluator, bound: ColumnRef, row: Row) -> Any:
    return row[bound.name]


def _traverse(evaluator: Evaluator, bound: Dereference, row: Row) -> Any:
    links = evaluator.value(bound.base, row)
    if not isinstance(links, list):
        found = evaluator.records.get(bound.collection, links)
        return None if found is None else found[bound.name]
    values: list[Any] = []
    for key in links:
        found = evaluator.records.get(bound.collection, key)
        if found is None:
            continue
        one = found[bound.name]
        if bound.type.item is not None and isinstance(one, list):
            values += one
        elif one is not None or not _is_list_field(evaluator, bound):
            values.append(one)
    return values


def _is_list_field(evaluator: Evaluator, bound: Dereference) -> bool:
    field = evaluator.records.catalog.collections[bound.collection].fields_by_name.get(bound.name)
    return field is not None and field.type.kind is TypeKind.LIST


def _apply(evaluator: Evaluator, bound: FunctionCall, row: Row) -> Any:
    parts = bound.arguments
    if bound.function in {"in", "not in"}:
        found = _is_in(evaluator, parts[0], parts[1], row)
        return found if bound.function == "in" else not found
    if bound.function in {"if", "case"}:
        return fitted(_chosen(evaluator, parts, row), bound.type)
    values = [evaluator.value(part, row) for part in parts]
    if bound.function in _OPERATORS:
        return _OPERATORS[bound.function](*values)
    if bound.function in _ARITHMETIC:
        return None if None in values else _bounded(_moved(bound, _ARITHMETIC[bound.function](*values)), bound.type)
    return _bounded(FUNCTIONS[bound.function](evaluator.inputs.now_us, bound, *values), bound.type)


def _chosen(evaluator: Evaluator, parts: Sequence[BoundExpression], row: Row) -> Any:
    """What is not chosen is not evaluated: it may be refused."""
    for condition, value in zip(parts[::2], parts[1::2], strict=False):
        if evaluator.holds(condition, row):
            return evaluator.value(value, row)
    return evaluator.value(parts[-1], row) if len(parts) % 2 else None


def _is_in(evaluator: Evaluator, item: BoundExpression, items: BoundExpression, row: Row) -> bool:
    value = evaluator.value(item, row)
    if isinstance(items, FunctionCall) and items.function == "..":
        low, high = (evaluator.value(end, row) for end in items.arguments)
        return _compare(low, value, lambda a, b: a <= b) and _compare(value, high, lambda a, b: a < b)
    return _has(evaluator.value(items, row), value)


def _bounded(value: Any, type_: Type) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and not INT_MIN <= value <= INT_MAX:
        raise Refused(f"{value} is outside 64 bits")
    return fitted(value, type_)


def _compare(left: Any, right: Any, compare: Callable[[Any, Any], bool]) -> bool:
    return left is not None and right is not None and compare(order_key(left), order_key(right))


def _has(items: list[Any] | None, value: Any) -> bool:
    return items is not None and any(equal(item, value) for item in items)


def _add(left: Any, right: Any, zone: str = "UTC") -> Any:
    """`zone` is by whose calendar months are added to a time."""
    if isinstance(left, Duration) and isinstance(right, Duration):
        return Duration(left.months + right.months, left.micros + right.micros)
    if isinstance(left, Duration):
        left, right = right, left
    if not isinstance(right, Duration):
        return left + right
    moved = instant(add_months(shown(left, zone), right.months), zone) if right.months else left
    return moved + right.micros


def _subtract(left: Any, right: Any, zone: str = "UTC") -> Any:
    return _add(left, Duration(-right.months, -right.micros), zone) if isinstance(right, Duration) else left - right


def _moved(bound: FunctionCall, value: Any) -> Any:
    """The difference of two times is a duration."""
    return Duration(0, value) if bound.type.kind is TypeKind.DURATION and isinstance(value, int) else value


def _multiply(left: Any, right: Any) -> Any:
    if isinstance(right, Duration):
        left, right = right, left
    if isinstance(left, Duration):
        return Duration(left.months * right, left.micros * right)
    return left * right


def _divide(left: Any, right: Any) -> Any:
    if isinstance(left, Duration) and isinstance(right, Duration):
        left, right = order_key(left), order_key(right)
    return left / right if right else None


def _modulo(left: Any, right: Any) -> Any:
    return left % right if right else None


_OPERATORS: dict[str, Callable[..., Any]] = {
    "==": equal,
    "!=": lambda a, b: not equal(a, b),
    "<": lambda a, b: _compare(a, b, lambda x, y: x < y),
    "<=": lambda a, b: _compare(a, b, lambda x, y: x <= y),
    ">": lambda a, b: _compare(a, b, lambda x, y: x > y),
    ">=": lambda a, b: _compare(a, b, lambda x, y: x >= y),
    "and": lambda *parts: all(p is True for p in parts),
    "or": lambda *parts: any(p is True for p in parts),
    "not": lambda part: part is not True,
    "has": _has,
    "has any": lambda items, asked: items is not None and asked is not None and any(_has(items, a) for a in asked),
    "has all": lambda items, asked: items is not None and asked is not None and all(_has(items, a) for a in asked),
    "[]": lambda *items: list(items),
}
_ARITHMETIC: dict[str, Callable[..., Any]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _modulo,
    "negate": lambda value: _multiply(value, -1),
}
_EVALUATE: dict[type, Callable[[Evaluator, Any, Row], Any]] = {
    Constant: _constant, ParameterRef: _parameter, MomentRef: _moment, ColumnRef: _column, FunctionCall: _apply,
    Dereference: _traverse, Subquery: lambda evaluator, bound, _: evaluator.listed(bound),
}  # fmt: skip
