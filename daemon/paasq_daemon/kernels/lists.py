"""Functions over lists, and lists made of columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from paasq_daemon.index.column import Column, Ints, Ragged
from paasq_daemon.kernels.aggregates import AGGREGATES, Groups
from paasq_daemon.kernels.build import from_values, null_column, to_values
from paasq_daemon.kernels.conversion import written
from paasq_daemon.kernels.counting import first_rows
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.operands import (
    flat,
    map_values,
    null_of,
    numbers,
    pick,
    restrict,
    rows_of,
    together,
    valid_of,
)
from paasq_daemon.kernels.ranking import value_key
from paasq_daemon.kernels.room import Room
from paasq_daemon.kernels.run import Call, kernel
from paasq_dsl.types import ANY, INT, NULL, STRING_KINDS, TEXT, Kind, Type, list_of
from paasq_dsl.values import Value


@kernel("[]")
def list_(call: Call, *items: Column) -> Column:
    """Row by row a list of one item of each column."""
    if not items:
        return from_values(list_of(NULL), [[]])
    if any(isinstance(item, Ragged) for item in items):
        raise KernelError("PQ0751", call.span)
    rows, size = rows_of(items), len(items)
    type_ = together(call.type.item or ANY, items, call.span)
    choice = np.tile(np.arange(size), rows)
    row_by_row = pick(type_, choice, items, np.repeat(np.arange(rows), size))
    assert not isinstance(row_by_row, Ragged)
    return Ragged(list_of(type_), np.arange(rows + 1) * size, row_by_row)


@kernel("..")
def bounds(call: Call, low: Column, high: Column) -> Column:
    """A range read as a value, as `depth 1..2` is: the list of its two ends."""
    return list_(replace(call, type=list_of(call.type)), low, high)


@kernel("first")
def first(_: Call, items: Column) -> Column:
    return _item_at(items, np.zeros(1, np.int64))


@kernel("last")
def last(_: Call, items: Column) -> Column:
    return _item_at(items, np.diff(items.offsets) - 1 if isinstance(items, Ragged) else np.zeros(1, np.int64))


@kernel("at")
def at(_: Call, items: Column, position: Column) -> Column:
    valid = valid_of(position)
    return _item_at(items, numbers(position) if valid is None else np.where(valid, numbers(position), -1))


@kernel("slice")
def slice_(_: Call, items: Column, start: Column, count: Column | None = None) -> Column:
    """A position before the first item counts as the first."""
    return map_values(_type(items), _slice, items, start, *(() if count is None else (count,)))


@kernel("reverse")
def reverse(_: Call, operand: Column) -> Column:
    """The items of a list, the characters of a text."""
    return map_values(_type(operand), lambda value: value[::-1], operand)


@kernel("sort_list")
def sort_list(_: Call, items: Column) -> Column:
    return map_values(_type(items), lambda v: sorted(v, key=value_key), items)


@kernel("distinct_list")
def distinct_list(_: Call, items: Column) -> Column:
    return map_values(_type(items), _distinct, items)


@kernel("append")
def append(call: Call, left: Column, right: Column) -> Column:
    room = Room("append", call.span, items=True)

    def appended(items: list[Value], more: list[Value]) -> Value:
        room.take(len(items) + len(more))
        return items + more

    return map_values(together(call.type, (left, right), call.span), appended, left, right)


@kernel("union_of")
def union_of(call: Call, left: Column, right: Column) -> Column:
    return map_values(together(call.type, (left, right), call.span), lambda a, b: _distinct(a + b), left, right)


@kernel("intersection")
def intersection(call: Call, left: Column, right: Column) -> Column:
    return map_values(together(call.type, (left, right), call.span), _intersection, left, right)


@kernel("difference")
def difference(call: Call, left: Column, right: Column) -> Column:
    return map_values(together(call.type, (left, right), call.span), _difference, left, right)


@kernel("index_of")
def index_of(call: Call, operand: Column, wanted: Column) -> Column:
    """Of an item in a list, of a part in a text."""
    if operand.type.kind is Kind.LIST:
        together(operand.type.item or ANY, (wanted,), call.span)
        return map_values(INT, _index_of, operand, wanted)
    return map_values(INT, lambda text, part: place if (place := text.find(part)) >= 0 else None, operand, wanted)


@kernel("count_of")
def count_of(call: Call, operand: Column, wanted: Column) -> Column:
    """Of an item in a list, of a part in a text; the empty part stands nowhere."""
    if operand.type.kind is Kind.LIST:
        together(operand.type.item or ANY, (wanted,), call.span)
        return map_values(INT, lambda items, item: _keys(items).count(value_key(item)), operand, wanted)
    return map_values(INT, lambda text, part: text.count(part) if part else 0, operand, wanted)


@kernel("list_sum")
def list_sum(call: Call, items: Column) -> Column:
    return _of_items("sum", call, items)


@kernel("list_avg")
def list_avg(call: Call, items: Column) -> Column:
    return _of_items("avg", call, items)


@kernel("list_min")
def list_min(call: Call, items: Column) -> Column:
    return _of_items("min", call, items)


@kernel("list_max")
def list_max(call: Call, items: Column) -> Column:
    return _of_items("max", call, items)


@kernel("join")
def join(call: Call, items: Column, separator: Column) -> Column:
    """Null items are left out."""
    if isinstance(items, Ragged):
        items = Ragged(list_of(TEXT), items.offsets, written(items.items), items.valid)
    room = Room("join", call.span)

    def joined(texts: list[str | None], between: str) -> Value:
        parts = [text for text in texts if text is not None]
        room.take(sum(map(len, parts)) + len(between) * len(parts))
        return between.join(parts)

    return map_values(TEXT, joined, items, separator)


@kernel("length")
def length(_: Call, operand: Column) -> Column:
    """Items of a list, characters of a text."""
    if isinstance(operand, Ragged):
        return flat(INT, np.diff(operand.offsets), operand.valid)
    return map_values(INT, len, operand)


def _item_at(items: Column, positions: Ints) -> Column:
    if not isinstance(items, Ragged):
        return null_column(items.type.item or NULL, np.broadcast(null_of(items), positions).size)
    sizes = np.diff(items.offsets)
    starts, sizes, positions = np.broadcast_arrays(items.offsets[:-1], sizes, positions)
    inside = (positions >= 0) & (positions < sizes)
    if not inside.any():
        return null_column(items.items.type, len(inside))
    found: Column = items.items.take(np.where(inside, starts + positions, items.offsets[0]))
    if items.items.type.kind is Kind.LIST:  # inner lists are Python lists
        found = from_values(items.items.type, to_values(found))
    return restrict(found, inside)


def _of_items(aggregate: str, call: Call, items: Column) -> Column:
    """What an aggregate gives of each row's items."""
    if not isinstance(items, Ragged):
        return null_column(NULL, len(items))
    rows = len(items)
    items = items.take(np.arange(rows))  # so that items and offsets begin together
    codes = np.repeat(np.arange(rows), np.diff(items.offsets))
    try:
        found = AGGREGATES[aggregate](Groups(codes, rows, first_rows(codes, rows)), items.items)
    except KernelError as error:
        raise error.at(call.span) from error
    return found if items.valid is None else restrict(found, items.valid)


def _type(column: Column) -> Type:
    """The type of what a part of a value is: a part of a keyword is text."""
    return TEXT if column.type.kind in STRING_KINDS else column.type


def _slice(items: list[Value], start: int, count: int | None = None) -> list[Value]:
    start = max(start, 0)
    return items[start:] if count is None else items[start : start + max(count, 0)]


def _keys(items: list[Value]) -> list[Any]:
    return [value_key(item) for item in items]


def _distinct(items: list[Value]) -> list[Value]:
    found: dict[Any, Value] = {}
    for item in items:
        found.setdefault(value_key(item), item)
    return list(found.values())


def _intersection(left: list[Value], right: list[Value]) -> list[Value]:
    there = set(_keys(right))
    return _distinct([item for item in left if value_key(item) in there])


def _difference(left: list[Value], right: list[Value]) -> list[Value]:
    there = set(_keys(right))
    return _distinct([item for item in left if value_key(item) not in there])


def _index_of(items: list[Value], item: Value) -> int | None:
    keys, key = _keys(items), value_key(item)
    return keys.index(key) if key in keys else None
