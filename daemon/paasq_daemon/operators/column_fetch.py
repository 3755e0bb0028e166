"""Columns of a collection for some of its records: from the columns where they are such, else from the records themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import Column, DictionaryColumn, FlatColumn, Ints, ListColumn, Mask
from paasq_daemon.kernels.columns import column_from_values
from paasq_dsl.catalog import SYSTEM_COLUMNS, Field
from paasq_dsl.types import TypeKind
from paasq_dsl.values import Value


def needs_record_read(field: Field) -> bool:
    """Must this field be read record by record? Text and bytes are in the records only, vectors in their own index; the
    columns know the length of a duration, but not how many calendar months it has, which moving and showing it must."""
    type_ = field.type.item if field.type.kind is TypeKind.LIST and field.type.item else field.type
    return type_.kind in {TypeKind.TEXT, TypeKind.BYTES, TypeKind.VECTOR, TypeKind.DURATION}


def fetch_column(source: CollectionView, name: str, ordinals: Ints) -> Column:
    """One column of `fetch_columns`."""
    return fetch_columns(source, (name,), ordinals)[name]


def fetch_columns(source: CollectionView, names: Iterable[str], ordinals: Ints) -> dict[str, Column]:
    """Columns by name, one value for each of `ordinals` (int64, >= 0, in any order, possibly repeated).

    A column that is held in memory is a gather. The others are read from the records: each record is decoded once for all
    of them. Raises KeyError for an unknown name, CorruptRecord.
    """
    found: dict[str, Column] = {}
    stored_apart: list[Field] = []
    for name in names:
        field = source.collection.fields_by_name.get(name)
        if name in SYSTEM_COLUMNS or field is None or not needs_record_read(field):
            found[name] = source.column(name).take(ordinals)
        else:
            stored_apart.append(field)
    if stored_apart:
        source.require_readable(field.name for field in stored_apart)
        once, places = np.unique(ordinals, return_inverse=True)
        if len(once) == len(ordinals):
            found |= _read_columns(source, stored_apart, ordinals)
        else:  # a record that has several rows is read once
            found |= {name: column.take(places) for name, column in _read_columns(source, stored_apart, once).items()}
    return found


def fetch_column_or_null(source: CollectionView, name: str, ordinals: Ints) -> Column:
    """One column of `fetch_columns_or_null`."""
    return fetch_columns_or_null(source, (name,), ordinals)[name]


def fetch_columns_or_null(source: CollectionView, names: Iterable[str], ordinals: Ints) -> dict[str, Column]:
    """As fetch_columns, with null where the ordinal is -1."""
    there = ordinals >= 0
    if bool(there.all()):
        return fetch_columns(source, names, ordinals)
    present = fetch_columns(source, names, ordinals[there])
    return {name: scatter(column, there) for name, column in present.items()}


def scatter(column: Column, mask: Mask) -> Column:
    """The column's values at the places that are there, null at the others."""
    match column:
        case FlatColumn(type=type_, values=values, validity=valid):
            spread = np.zeros(len(mask), values.dtype)
            spread[mask] = values
            known = mask.copy()
            if valid is not None:
                known[mask] = valid
            return FlatColumn(type_, spread, known)
        case DictionaryColumn(type=type_, codes=codes, dictionary=dictionary):
            spread_codes = np.full(len(mask), -1, np.int32)
            spread_codes[mask] = codes
            return DictionaryColumn(type_, spread_codes, dictionary)
        case ListColumn(type=type_, offsets=offsets, items=items, validity=valid):
            lengths = np.zeros(len(mask), np.int64)
            lengths[mask] = np.diff(offsets)
            known = mask.copy()
            if valid is not None:
                known[mask] = valid
            return ListColumn(type_, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]), items, known)


def _read_columns(source: CollectionView, fields: Sequence[Field], ordinals: Ints) -> dict[str, Column]:
    """Columns by name of fields that are stored apart, of distinct records. Of a record only these values are kept."""
    found = {field.name: _vectors(source, field, ordinals) for field in fields if field.type.kind is TypeKind.VECTOR}
    of_records = [field for field in fields if field.type.kind is not TypeKind.VECTOR]
    values: list[list[Value]] = [[] for _ in of_records]
    if of_records:
        for record in source.records(ordinals.tolist()):
            for field, column in zip(of_records, values, strict=True):
                column.append(record.fields.get(field.id, field.default))
    for field, column in zip(of_records, values, strict=True):
        found[field.name] = column_from_values(field.type, column)
    return found


def _vectors(source: CollectionView, field: Field, ordinals: Ints) -> Column:
    """As they were given: the index holds their directions alone."""
    return column_from_values(field.type, list(source.given_vectors(field, ordinals.tolist())))
