"""A column of a collection for some of its records: from the columns where it is one, else from the records themselves."""

from __future__ import annotations

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
    """One value for each ordinal. What is stored apart costs a read each; everything else is a gather."""
    field = source.collection.fields_by_name.get(name)
    if name in SYSTEM_COLUMNS or field is None or not needs_record_read(field):
        return source.column(name).take(ordinals)
    once, places = np.unique(ordinals, return_inverse=True)
    if len(once) < len(ordinals):  # a record that has several rows is read once
        return fetch_column(source, name, once).take(places)
    if field.type.kind is TypeKind.VECTOR:
        return _vectors(source, field, ordinals)
    values = [record.fields.get(field.id, field.default) for record in source.records(ordinals.tolist())]
    return column_from_values(field.type, values)


def fetch_column_or_null(source: CollectionView, name: str, ordinals: Ints) -> Column:
    """As fetch_column, with null where the ordinal is -1."""
    there = ordinals >= 0
    if bool(there.all()):
        return fetch_column(source, name, ordinals)
    present = fetch_column(source, name, ordinals[there])
    return scatter(present, there)


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


def _vectors(source: CollectionView, field: Field, ordinals: Ints) -> Column:
    try:
        vectors = source.vectors(field.name)
    except KeyError:  # none has come yet
        return column_from_values(field.type, [None] * len(ordinals))
    found = (vectors.vector(ordinal) for ordinal in ordinals.tolist())
    values: list[Value] = [None if v is None else v.tolist() for v in found]
    return column_from_values(field.type, values)
