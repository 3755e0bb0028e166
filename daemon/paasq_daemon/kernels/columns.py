"""Columns made from Python values, converted back, and joined together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Column, DictionaryColumn, FlatColumn, Ints, ListColumn, Mask, Objects
from paasq_dsl.types import NULL, Type, TypeKind
from paasq_dsl.values import Duration, Value

DICTIONARY_KINDS = frozenset({TypeKind.KEYWORD, TypeKind.LINK})
DTYPES: Mapping[TypeKind, type[np.generic]] = {
    TypeKind.INT: np.int64,
    TypeKind.TIME: np.int64,
    TypeKind.DURATION: np.int64,
    TypeKind.FLOAT: np.float64,
    TypeKind.BOOL: np.bool_,
}


def column_from_values(type_: Type, values: Sequence[Value]) -> Column:
    """A column of `type_`, one row a value, None as null. A time is int µs, a vector a list of floats.

    A duration column is int64 µs, or an object array of Duration where one of them has months. A list of lists keeps
    its inner lists as Python objects.
    """
    if type_.kind is TypeKind.LIST:
        return _ragged(type_, values)
    if type_.kind in DICTIONARY_KINDS:
        return _coded(type_, values)
    valid = _validity(values)
    if type_.kind is TypeKind.DURATION:
        return _durations(type_, values, valid)
    if type_.kind in DTYPES:
        filled: Iterable[Any] = (0 if v is None else v for v in values)
        return FlatColumn(type_, np.fromiter(filled, DTYPES[type_.kind], len(values)), valid)
    return FlatColumn(type_, object_array(values), valid)


def column_to_values(column: Column) -> list[Value]:
    """One Python value a row: null as None, a time as int µs, a duration as Duration, a vector as a list of floats."""
    if isinstance(column, ListColumn):
        items, ends = column_to_values(column.items), column.offsets.tolist()
        lists: list[Value] = [items[a:b] for a, b in pairwise(ends)]
        return _with_nulls(lists, column.validity)
    if isinstance(column, DictionaryColumn):
        words: list[Value] = dictionary_decode(column).tolist()
        return words
    if column.type.kind is TypeKind.VECTOR:
        vectors: list[Value] = [None if v is None else np.asarray(v, np.float64).tolist() for v in column.values]
        return _with_nulls(vectors, column.validity)
    values: list[Value] = column.values.tolist()
    if column.type.kind is TypeKind.DURATION and column.values.dtype != np.object_:
        values = [Duration(0, cast("int", v)) for v in values]
    return _with_nulls(values, column.validity)


def constant_column(type_: Type, value: Value, length: int) -> Column:
    """`value` in each of `length` rows; the array is a broadcast view of one element where the layout permits it."""
    return broadcast(column_from_values(type_, [value]), length)


def null_column(type_: Type, length: int) -> Column:
    """`length` rows of null, of `type_`."""
    return constant_column(type_, None, length)


def broadcast(column: Column, length: int) -> Column:
    """A column of one row repeated to `length` rows; a column that has `length` rows already is returned unchanged."""
    if len(column) == length:
        return column
    assert len(column) == 1
    if isinstance(column, DictionaryColumn):
        return DictionaryColumn(column.type, np.broadcast_to(column.codes, length), column.dictionary)
    if isinstance(column, ListColumn) or column.values.ndim > 1:
        return column.take(np.zeros(length, np.int64))
    valid = None if column.validity is None else np.broadcast_to(column.validity, length)
    return FlatColumn(column.type, np.broadcast_to(column.values, length), valid)


def concatenate(type_: Type, columns: Sequence[Column]) -> Column:
    """The rows of all columns in order, as one column of `type_`.

    Each column is of that type, int where `type_` is float, any string type where `type_` is one, or all null. The
    result is dictionary-encoded where all inputs are (or are null), or where `type_` is keyword or link.
    """
    if type_.kind is TypeKind.LIST:
        return _concatenate_lists(type_, columns)
    if (
        all(isinstance(c, DictionaryColumn) or c.type.kind is TypeKind.NULL for c in columns)
        or type_.kind in DICTIONARY_KINDS
    ):
        if any(isinstance(c, DictionaryColumn) for c in columns) or type_.kind in DICTIONARY_KINDS:
            return _concatenate_coded(type_, [dictionary_encode(c) for c in columns])
    elif any(isinstance(c, DictionaryColumn) for c in columns):
        return column_from_values(type_, [value for c in columns for value in column_to_values(c)])
    masks = [
        np.ones(len(c), np.bool_) if c.validity is None else c.validity
        for c in columns
        if not isinstance(c, DictionaryColumn)
    ]
    valid = np.concatenate(masks) if masks else None
    flats = [c for c in columns if isinstance(c, FlatColumn)]
    if type_.kind is TypeKind.DURATION and any(
        c.values.dtype == np.object_ for c in flats if c.type.kind is not TypeKind.NULL
    ):
        return column_from_values(type_, [value for c in flats for value in column_to_values(c)])
    dtype = DTYPES.get(type_.kind, np.object_)
    parts = [np.zeros(len(c), dtype) if c.type.kind is TypeKind.NULL else c.values.astype(dtype) for c in flats]
    values = np.concatenate(parts) if parts else np.empty(0, dtype)
    return FlatColumn(type_, values, None if valid is None or valid.all() else valid)


def dictionary_encode(column: Column) -> DictionaryColumn:
    """Strings as int32 codes into a dictionary in order of first appearance; a DictionaryColumn is returned unchanged."""
    if isinstance(column, DictionaryColumn):
        return column
    return _coded(column.type, column_to_values(column))


def dictionary_decode(column: DictionaryColumn) -> Objects:
    """The str of each row (object array), None where null."""
    if not len(column.dictionary):
        return np.full(len(column), None, np.object_)
    words = column.dictionary[column.codes]
    words[column.codes < 0] = None
    return words


def compact_dictionary(column: DictionaryColumn) -> DictionaryColumn:
    """The same strings with a dictionary of the used entries only, in the same order."""
    codes, size = column.codes, len(column.dictionary)
    if len(codes) < size:
        used, inverse = np.unique(codes, return_inverse=True)
        nulls = int(len(used) > 0 and used[0] < 0)
        return DictionaryColumn(column.type, (inverse - nulls).astype(np.int32), column.dictionary[used[nulls:]])
    present = np.zeros(size + 1, np.bool_)
    present[codes] = True  # -1 marks the last, which is no word
    if present[:-1].all():
        return column
    renumbered = np.cumsum(present, dtype=np.int32) - 1
    renumbered[-1] = -1
    return DictionaryColumn(column.type, renumbered[codes].astype(np.int32), column.dictionary[present[:-1]])


def object_array(values: Sequence[Any]) -> Objects:
    """A one-dimensional object array, also where the values are lists, which numpy would otherwise make a second dimension of."""
    array = np.empty(len(values), np.object_)
    for i, value in enumerate(values):
        array[i] = value
    return array


def _validity(values: Sequence[Value]) -> Mask | None:
    if all(v is not None for v in values):
        return None
    return np.fromiter((v is not None for v in values), np.bool_, len(values))


def _with_nulls(values: list[Value], valid: Mask | None) -> list[Value]:
    if valid is None:
        return values
    return [value if ok else None for value, ok in zip(values, valid.tolist(), strict=True)]


def _coded(type_: Type, values: Sequence[Value]) -> DictionaryColumn:
    code_of: dict[Value, int] = {}
    codes = [-1 if v is None else code_of.setdefault(v, len(code_of)) for v in cast("Sequence[str | None]", values)]
    return DictionaryColumn(type_, np.array(codes, np.int32), object_array(list(code_of)))


def _durations(type_: Type, values: Sequence[Value], valid: Mask | None) -> FlatColumn:
    lengths = [v if isinstance(v, Duration) else Duration() for v in values]
    if any(d.months for d in lengths):
        return FlatColumn(type_, object_array(lengths), valid)
    return FlatColumn(type_, np.fromiter((d.micros for d in lengths), np.int64, len(lengths)), valid)


def _ragged(type_: Type, values: Sequence[Value]) -> ListColumn:
    lists = [v if isinstance(v, list) else [] for v in values]
    item_type = type_.item or NULL
    flat = [item for items in lists for item in items]
    items = column_from_values(item_type, flat)
    if isinstance(items, ListColumn):  # a list of lists: the inner ones stay Python lists
        items = FlatColumn(item_type, object_array(flat), _validity(flat))
    return ListColumn(type_, offsets_from_lengths([len(items) for items in lists]), items, _validity(values))


def offsets_from_lengths(lengths: Sequence[int] | NDArray[np.integer[Any]]) -> Ints:
    """int64 [rows + 1]: 0, then the running sum of the lengths, as `ListColumn.offsets` wants it."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets


def _concatenate_coded(type_: Type, columns: Sequence[DictionaryColumn]) -> DictionaryColumn:
    first = columns[0].dictionary
    if all(c.dictionary is first for c in columns):
        return DictionaryColumn(type_, np.concatenate([c.codes for c in columns]), first)
    code_of: dict[str, int] = {}
    parts: list[NDArray[np.int32]] = []
    for column in map(compact_dictionary, columns):
        codes = [code_of.setdefault(word, len(code_of)) for word in column.dictionary]
        parts.append(np.array([*codes, -1], np.int32)[column.codes])
    return DictionaryColumn(type_, np.concatenate(parts), object_array(list(code_of)))


def _concatenate_lists(type_: Type, columns: Sequence[Column]) -> ListColumn:
    ragged = [c if isinstance(c, ListColumn) else _ragged(type_, column_to_values(c)) for c in columns]
    items = [c.items.take(np.arange(c.offsets[0], c.offsets[-1])) for c in ragged]
    joined = concatenate(type_.item or NULL, items)
    if isinstance(joined, ListColumn):  # a list of lists: the inner ones stay Python lists
        joined = FlatColumn(joined.type, object_array(column_to_values(joined)), joined.validity)
    offsets = offsets_from_lengths(np.concatenate([np.diff(c.offsets) for c in ragged]))
    valid = np.concatenate([np.ones(len(c), np.bool_) if c.validity is None else c.validity for c in ragged])
    return ListColumn(type_, offsets, joined, None if valid.all() else valid)
