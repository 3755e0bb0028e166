"""Columns from Python values and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Coded, Column, Flat, Ints, Mask, Objects, Ragged
from paasq_dsl.types import NULL, Kind, Type
from paasq_dsl.values import Duration, Value

CODED_KINDS = frozenset({Kind.KEYWORD, Kind.LINK})
DTYPES: Mapping[Kind, type[np.generic]] = {
    Kind.INT: np.int64,
    Kind.TIME: np.int64,
    Kind.DURATION: np.int64,
    Kind.FLOAT: np.float64,
    Kind.BOOL: np.bool_,
}


def from_values(type_: Type, values: Sequence[Value]) -> Column:
    """A column of one type. Time as int µs; a vector as a list of floats.

    Durations are int64 µs, but an object array of Duration where one of them has months.
    """
    if type_.kind is Kind.LIST:
        return _ragged(type_, values)
    if type_.kind in CODED_KINDS:
        return _coded(type_, values)
    valid = _validity(values)
    if type_.kind is Kind.DURATION:
        return _durations(type_, values, valid)
    if type_.kind in DTYPES:
        filled: Iterable[Any] = (0 if v is None else v for v in values)
        return Flat(type_, np.fromiter(filled, DTYPES[type_.kind], len(values)), valid)
    return Flat(type_, objects(values), valid)


def to_values(column: Column) -> list[Value]:
    """Python values, a null as None, a time as int µs, a duration as Duration, a vector as a list of floats."""
    if isinstance(column, Ragged):
        items, ends = to_values(column.items), column.offsets.tolist()
        lists: list[Value] = [items[a:b] for a, b in pairwise(ends)]
        return _with_nulls(lists, column.valid)
    if isinstance(column, Coded):
        return cast("list[Value]", decode(column).tolist())
    if column.type.kind is Kind.VECTOR:
        vectors: list[Value] = [None if v is None else np.asarray(v, np.float64).tolist() for v in column.values]
        return _with_nulls(vectors, column.valid)
    values: list[Value] = column.values.tolist()
    if column.type.kind is Kind.DURATION and column.values.dtype != np.object_:
        values = [Duration(0, cast("int", v)) for v in values]
    return _with_nulls(values, column.valid)


def constant(type_: Type, value: Value, length: int) -> Column:
    """The same value in each row."""
    return broadcast(from_values(type_, [value]), length)


def null_column(type_: Type, length: int) -> Column:
    return constant(type_, None, length)


def broadcast(column: Column, length: int) -> Column:
    """A column of one row as one of `length` rows; one of `length` rows as it is."""
    if len(column) == length:
        return column
    assert len(column) == 1
    if isinstance(column, Coded):
        return Coded(column.type, np.broadcast_to(column.codes, length), column.dictionary)
    if isinstance(column, Ragged) or column.values.ndim > 1:
        return column.take(np.zeros(length, np.int64))
    valid = None if column.valid is None else np.broadcast_to(column.valid, length)
    return Flat(column.type, np.broadcast_to(column.values, length), valid)


def concatenate(type_: Type, columns: Sequence[Column]) -> Column:
    """The rows of all columns, one column behind the other, as one column of `type_`.

    Each column is of that type, of an int where it is float, of any kind of string where it is one, or all null.
    """
    if type_.kind is Kind.LIST:
        return _concatenate_lists(type_, columns)
    if all(isinstance(c, Coded) or c.type.kind is Kind.NULL for c in columns) or type_.kind in CODED_KINDS:
        if any(isinstance(c, Coded) for c in columns) or type_.kind in CODED_KINDS:
            return _concatenate_coded(type_, [encode(c) for c in columns])
    elif any(isinstance(c, Coded) for c in columns):
        return from_values(type_, [value for c in columns for value in to_values(c)])
    masks = [np.ones(len(c), np.bool_) if c.valid is None else c.valid for c in columns if not isinstance(c, Coded)]
    valid = np.concatenate(masks) if masks else None
    flats = [c for c in columns if isinstance(c, Flat)]
    if type_.kind is Kind.DURATION and any(c.values.dtype == np.object_ for c in flats if c.type.kind is not Kind.NULL):
        return from_values(type_, [value for c in flats for value in to_values(c)])
    dtype = DTYPES.get(type_.kind, np.object_)
    parts = [np.zeros(len(c), dtype) if c.type.kind is Kind.NULL else c.values.astype(dtype) for c in flats]
    values = np.concatenate(parts) if parts else np.empty(0, dtype)
    return Flat(type_, values, None if valid is None or valid.all() else valid)


def encode(column: Column) -> Coded:
    """Strings as codes; a column that is coded as it is."""
    if isinstance(column, Coded):
        return column
    return _coded(column.type, to_values(column))


def decode(column: Coded) -> Objects:
    """The strings of the rows, None where null."""
    if not len(column.dictionary):
        return np.full(len(column), None, np.object_)
    words = column.dictionary[column.codes]
    words[column.codes < 0] = None
    return words


def compact(column: Coded) -> Coded:
    """The same strings; the dictionary has only what is used."""
    codes, size = column.codes, len(column.dictionary)
    if len(codes) < size:
        used, inverse = np.unique(codes, return_inverse=True)
        nulls = int(len(used) > 0 and used[0] < 0)
        return Coded(column.type, (inverse - nulls).astype(np.int32), column.dictionary[used[nulls:]])
    present = np.zeros(size + 1, np.bool_)
    present[codes] = True  # -1 marks the last, which is no word
    if present[:-1].all():
        return column
    renumbered = np.cumsum(present, dtype=np.int32) - 1
    renumbered[-1] = -1
    return Coded(column.type, renumbered[codes].astype(np.int32), column.dictionary[present[:-1]])


def objects(values: Sequence[Any]) -> Objects:
    """A 1-d object array, also where the values are lists."""
    array = np.empty(len(values), np.object_)
    for i, value in enumerate(values):
        array[i] = value
    return array


def _validity(values: Sequence[Value]) -> Mask | None:
    valid = np.fromiter((v is not None for v in values), np.bool_, len(values))
    return None if valid.all() else valid


def _with_nulls(values: list[Value], valid: Mask | None) -> list[Value]:
    if valid is None:
        return values
    return [value if ok else None for value, ok in zip(values, valid.tolist(), strict=True)]


def _coded(type_: Type, values: Sequence[Value]) -> Coded:
    code_of: dict[Value, int] = {}
    codes = [-1 if v is None else code_of.setdefault(v, len(code_of)) for v in cast("Sequence[str | None]", values)]
    return Coded(type_, np.array(codes, np.int32), objects(list(code_of)))


def _durations(type_: Type, values: Sequence[Value], valid: Mask | None) -> Flat:
    lengths = [v if isinstance(v, Duration) else Duration() for v in values]
    if any(d.months for d in lengths):
        return Flat(type_, objects(lengths), valid)
    return Flat(type_, np.fromiter((d.micros for d in lengths), np.int64, len(lengths)), valid)


def _ragged(type_: Type, values: Sequence[Value]) -> Ragged:
    lists = [v if isinstance(v, list) else [] for v in values]
    item_type = type_.item or NULL
    flat = [item for items in lists for item in items]
    items = from_values(item_type, flat)
    if isinstance(items, Ragged):  # a list of lists: the inner ones stay Python lists
        items = Flat(item_type, objects(flat), _validity(flat))
    return Ragged(type_, offsets_of([len(items) for items in lists]), items, _validity(values))


def offsets_of(lengths: Sequence[int] | NDArray[np.integer[Any]]) -> Ints:
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _concatenate_coded(type_: Type, columns: Sequence[Coded]) -> Coded:
    first = columns[0].dictionary
    if all(c.dictionary is first for c in columns):
        return Coded(type_, np.concatenate([c.codes for c in columns]), first)
    code_of: dict[str, int] = {}
    parts: list[NDArray[np.int32]] = []
    for column in map(compact, columns):
        codes = [code_of.setdefault(word, len(code_of)) for word in column.dictionary]
        parts.append(np.array([*codes, -1], np.int32)[column.codes])
    return Coded(type_, np.concatenate(parts), objects(list(code_of)))


def _concatenate_lists(type_: Type, columns: Sequence[Column]) -> Ragged:
    ragged = [c if isinstance(c, Ragged) else _ragged(type_, to_values(c)) for c in columns]
    items = [c.items.take(np.arange(c.offsets[0], c.offsets[-1])) for c in ragged]
    joined = concatenate(type_.item or NULL, items)
    assert not isinstance(joined, Ragged)
    offsets = offsets_of(np.concatenate([np.diff(c.offsets) for c in ragged]))
    valid = np.concatenate([np.ones(len(c), np.bool_) if c.valid is None else c.valid for c in ragged])
    return Ragged(type_, offsets, joined, None if valid.all() else valid)
