"""Functions over lists, and lists made of columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from paasq_daemon.index.column import Column, Ints, Ragged
from paasq_daemon.kernels.build import from_values, null_column, to_values
from paasq_daemon.kernels.conversion import written
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
from paasq_daemon.kernels.room import Room
from paasq_daemon.kernels.run import Call, kernel
from paasq_dsl.types import ANY, INT, NULL, TEXT, Kind, list_of
from paasq_dsl.values import Value


@kernel("[]")
def list_(call: Call, *items: Column) -> Column:
    """Row by row a list of one item of each column."""
    if not items:
        return from_values(list_of(NULL), [[]])
    if any(isinstance(item, Ragged) for item in items):
        raise KernelError("PQ0703", "the items of a list can't be lists", call.span)
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
