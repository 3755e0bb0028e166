"""Functions over lists, and list construction. Positions count from 0. Null where a list argument is null."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from paasq_daemon.index.column import Column, Ints, ListColumn
from paasq_daemon.kernels.aggregate.functions import AGGREGATE_KERNELS
from paasq_daemon.kernels.aggregate.grouping import Groups
from paasq_daemon.kernels.columns import column_from_values, column_to_values, null_column
from paasq_daemon.kernels.context import KernelCall, scalar_kernel
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import (
    choose,
    common_type,
    flat_column,
    map_values,
    null_mask,
    null_outside,
    numeric_values,
    row_count,
    validity_of,
)
from paasq_daemon.kernels.output_limits import MemoryLimit
from paasq_daemon.kernels.scalar.cast import cast_to_text
from paasq_daemon.kernels.sort_keys import first_rows, scalar_sort_key
from paasq_dsl.types import ANY, INT, NULL, STRING_KINDS, TEXT, Type, TypeKind, list_of
from paasq_dsl.values import Value


@scalar_kernel("[]")
def list_(call: KernelCall, *items: Column) -> Column:
    """ListColumn: in each row the items of all columns, nulls among them. Raises EvaluationError PQ0751 for nested lists."""
    if not items:
        return column_from_values(list_of(NULL), [[]])
    if any(isinstance(item, ListColumn) for item in items):
        raise EvaluationError("PQ0751", call.span)
    rows, size = row_count(items), len(items)
    type_ = common_type(call.type.item or ANY, items, call.span)
    choice = np.tile(np.arange(size), rows)
    row_by_row = choose(type_, choice, items, np.repeat(np.arange(rows), size))
    assert not isinstance(row_by_row, ListColumn)
    return ListColumn(list_of(type_), np.arange(rows + 1) * size, row_by_row)


@scalar_kernel("..")
def range_bounds(call: KernelCall, low: Column, high: Column) -> Column:
    """ListColumn of two items: the bounds of a range that is read as a value, as in `depth 1..2`."""
    return list_(replace(call, type=list_of(call.type)), low, high)


@scalar_kernel("first")
def first(_: KernelCall, items: Column) -> Column:
    """The first item; null of an empty list."""
    return _item_at(items, np.zeros(1, np.int64))


@scalar_kernel("last")
def last(_: KernelCall, items: Column) -> Column:
    """The last item; null of an empty list."""
    return _item_at(items, np.diff(items.offsets) - 1 if isinstance(items, ListColumn) else np.zeros(1, np.int64))


@scalar_kernel("at")
def at(_: KernelCall, items: Column, position: Column) -> Column:
    """The item at a position (int64), null outside of the list or where the position is null."""
    valid = validity_of(position)
    return _item_at(items, numeric_values(position) if valid is None else np.where(valid, numeric_values(position), -1))


@scalar_kernel("slice")
def slice_(_: KernelCall, items: Column, start: Column, count: Column | None = None) -> Column:
    """The items from `start` on, `count` of them or to the end. Negative numbers count as 0."""
    return map_values(_type(items), _slice, items, start, *(() if count is None else (count,)))


@scalar_kernel("reverse")
def reverse(_: KernelCall, operand: Column) -> Column:
    """The items of a list, or the characters of a text, in reverse order."""
    return map_values(_type(operand), lambda value: value[::-1], operand)


@scalar_kernel("sort_list")
def sort_list(_: KernelCall, items: Column) -> Column:
    """The items in ascending order (`scalar_sort_key`), nulls last; equal items keep their order."""
    return map_values(_type(items), lambda v: sorted(v, key=scalar_sort_key), items)


@scalar_kernel("distinct_list")
def distinct_list(_: KernelCall, items: Column) -> Column:
    """Each distinct item once, in order of first appearance; null is an item."""
    return map_values(_type(items), _distinct, items)


@scalar_kernel("append")
def append(call: KernelCall, left: Column, right: Column) -> Column:
    """The items of `left`, then those of `right`. Raises EvaluationError PQ0794 above OUTPUT_ITEMS_MAX items in all rows."""
    limit = MemoryLimit("append", call.span, items=True)

    def appended(items: list[Value], more: list[Value]) -> Value:
        limit.reserve(len(items) + len(more))
        return items + more

    return map_values(common_type(call.type, (left, right), call.span), appended, left, right)


@scalar_kernel("union_of")
def union(call: KernelCall, left: Column, right: Column) -> Column:
    """Distinct items of either list, in order of first appearance."""
    return map_values(common_type(call.type, (left, right), call.span), lambda a, b: _distinct(a + b), left, right)


@scalar_kernel("intersection")
def intersection(call: KernelCall, left: Column, right: Column) -> Column:
    """Distinct items of `left` that are also in `right`, in the order of `left`."""
    return map_values(common_type(call.type, (left, right), call.span), _intersection, left, right)


@scalar_kernel("difference")
def difference(call: KernelCall, left: Column, right: Column) -> Column:
    """Distinct items of `left` that are not in `right`, in the order of `left`."""
    return map_values(common_type(call.type, (left, right), call.span), _difference, left, right)


@scalar_kernel("index_of")
def index_of(call: KernelCall, operand: Column, wanted: Column) -> Column:
    """FlatColumn[int64]: the first position of an item in a list or of a substring in a text; null where it does not occur."""
    if operand.type.kind is TypeKind.LIST:
        common_type(operand.type.item or ANY, (wanted,), call.span)
        return map_values(INT, _index_of, operand, wanted)
    return map_values(INT, lambda text, part: place if (place := text.find(part)) >= 0 else None, operand, wanted)


@scalar_kernel("count_of")
def count_of(call: KernelCall, operand: Column, wanted: Column) -> Column:
    """FlatColumn[int64]: occurrences of an item in a list, or non-overlapping ones of a substring in a text; 0 of an
    empty one.
    """
    if operand.type.kind is TypeKind.LIST:
        common_type(operand.type.item or ANY, (wanted,), call.span)
        return map_values(INT, lambda items, item: _keys(items).count(scalar_sort_key(item)), operand, wanted)
    return map_values(INT, lambda text, part: text.count(part) if part else 0, operand, wanted)


@scalar_kernel("list_sum")
def list_sum(call: KernelCall, items: Column) -> Column:
    """`sum` of each row's items. Raises EvaluationError PQ0781 where an int64 sum overflows."""
    return _of_items("sum", call, items)


@scalar_kernel("list_avg")
def list_avg(call: KernelCall, items: Column) -> Column:
    """`avg` of each row's items."""
    return _of_items("avg", call, items)


@scalar_kernel("list_min")
def list_min(call: KernelCall, items: Column) -> Column:
    """The smallest item of each row that is not null; null where there is none."""
    return _of_items("min", call, items)


@scalar_kernel("list_max")
def list_max(call: KernelCall, items: Column) -> Column:
    """The largest item of each row that is not null; null where there is none."""
    return _of_items("max", call, items)


@scalar_kernel("join")
def join(call: KernelCall, items: Column, separator: Column) -> Column:
    """FlatColumn[text]: the items as text with a separator between them; null items are left out.

    Raises EvaluationError PQ0795 above OUTPUT_CHARACTERS_MAX characters in all rows.
    """
    if isinstance(items, ListColumn):
        items = ListColumn(list_of(TEXT), items.offsets, cast_to_text(items.items), items.validity)
    limit = MemoryLimit("join", call.span)

    def joined(texts: list[str | None], between: str) -> Value:
        parts = [text for text in texts if text is not None]
        limit.reserve(sum(map(len, parts)) + len(between) * len(parts))
        return between.join(parts)

    return map_values(TEXT, joined, items, separator)


@scalar_kernel("length")
def length(_: KernelCall, operand: Column) -> Column:
    """FlatColumn[int64]: items of a list, or characters (code points) of a text."""
    if isinstance(operand, ListColumn):
        return flat_column(INT, np.diff(operand.offsets), operand.validity)
    return map_values(INT, len, operand)


def _item_at(items: Column, positions: Ints) -> Column:
    if not isinstance(items, ListColumn):
        return null_column(items.type.item or NULL, np.broadcast(null_mask(items), positions).size)
    sizes = np.diff(items.offsets)
    starts, sizes, positions = np.broadcast_arrays(items.offsets[:-1], sizes, positions)
    inside = (positions >= 0) & (positions < sizes)
    if not inside.any():
        return null_column(items.items.type, len(inside))
    found: Column = items.items.take(np.where(inside, starts + positions, items.offsets[0]))
    if items.items.type.kind is TypeKind.LIST:  # inner lists are Python lists
        found = column_from_values(items.items.type, column_to_values(found))
    return null_outside(found, inside)


def _of_items(aggregate: str, call: KernelCall, items: Column) -> Column:
    """What an aggregate gives of each row's items."""
    if not isinstance(items, ListColumn):
        return null_column(NULL, len(items))
    rows = len(items)
    items = items.take(np.arange(rows))  # so that items and offsets begin together
    codes = np.repeat(np.arange(rows), np.diff(items.offsets))
    try:
        found = AGGREGATE_KERNELS[aggregate](Groups(codes, rows, first_rows(codes, rows)), items.items)
    except EvaluationError as error:
        raise error.at(call.span) from error
    return found if items.validity is None else null_outside(found, items.validity)


def _type(column: Column) -> Type:
    """The type of what a part of a value is: a part of a keyword is text."""
    return TEXT if column.type.kind in STRING_KINDS else column.type


def _slice(items: list[Value], start: int, count: int | None = None) -> list[Value]:
    start = max(start, 0)
    return items[start:] if count is None else items[start : start + max(count, 0)]


def _keys(items: list[Value]) -> list[Any]:
    return [scalar_sort_key(item) for item in items]


def _distinct(items: list[Value]) -> list[Value]:
    found: dict[Any, Value] = {}
    for item in items:
        found.setdefault(scalar_sort_key(item), item)
    return list(found.values())


def _intersection(left: list[Value], right: list[Value]) -> list[Value]:
    keys = set(_keys(right))
    return _distinct([item for item in left if scalar_sort_key(item) in keys])


def _difference(left: list[Value], right: list[Value]) -> list[Value]:
    keys = set(_keys(right))
    return _distinct([item for item in left if scalar_sort_key(item) not in keys])


def _index_of(items: list[Value], item: Value) -> int | None:
    keys, key = _keys(items), scalar_sort_key(item)
    return keys.index(key) if key in keys else None
