"""A column of a collection for some of its records: from the columns where it is one, else from the records themselves."""

from __future__ import annotations

import numpy as np

from paasq_daemon.index.collection_view import CollectionView
from paasq_daemon.index.column import Coded, Column, Flat, Ints, Mask, Ragged
from paasq_daemon.kernels.columns import from_values
from paasq_dsl.catalog import SYSTEM_COLUMNS, Field
from paasq_dsl.types import Kind
from paasq_dsl.values import Value


def is_stored_apart(field: Field) -> bool:
    """Must this field be read record by record? Text and bytes are in the records only, vectors in their own index; the
    columns know the length of a duration, but not how many calendar months it has, which moving and showing it must."""
    type_ = field.type.item if field.type.kind is Kind.LIST and field.type.item else field.type
    return type_.kind in {Kind.TEXT, Kind.BYTES, Kind.VECTOR, Kind.DURATION}


def fetch_column(source: CollectionView, name: str, ordinals: Ints) -> Column:
    """One value for each ordinal. What is stored apart costs a read each; everything else is a gather."""
    field = source.collection.by_name.get(name)
    if name in SYSTEM_COLUMNS or field is None or not is_stored_apart(field):
        return source.column(name).take(ordinals)
    once, places = np.unique(ordinals, return_inverse=True)
    if len(once) < len(ordinals):  # a record that has several rows is read once
        return fetch_column(source, name, once).take(places)
    if field.type.kind is Kind.VECTOR:
        return _vectors(source, field, ordinals)
    values = [record.fields.get(field.id, field.default) for record in source.records(ordinals.tolist())]
    return from_values(field.type, values)


def fetch_or_null(source: CollectionView, name: str, ordinals: Ints) -> Column:
    """As fetch_column, with null where the ordinal is -1."""
    there = ordinals >= 0
    if bool(there.all()):
        return fetch_column(source, name, ordinals)
    present = fetch_column(source, name, ordinals[there])
    return spread(present, there)


def spread(column: Column, there: Mask) -> Column:
    """The column's values at the places that are there, null at the others."""
    match column:
        case Flat(type=type_, values=values, valid=valid):
            spread = np.zeros(len(there), values.dtype)
            spread[there] = values
            known = there.copy()
            if valid is not None:
                known[there] = valid
            return Flat(type_, spread, known)
        case Coded(type=type_, codes=codes, dictionary=dictionary):
            spread_codes = np.full(len(there), -1, np.int32)
            spread_codes[there] = codes
            return Coded(type_, spread_codes, dictionary)
        case Ragged(type=type_, offsets=offsets, items=items, valid=valid):
            lengths = np.zeros(len(there), np.int64)
            lengths[there] = np.diff(offsets)
            known = there.copy()
            if valid is not None:
                known[there] = valid
            return Ragged(type_, np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)]), items, known)


def _vectors(source: CollectionView, field: Field, ordinals: Ints) -> Column:
    try:
        vectors = source.vectors(field.name)
    except KeyError:  # none has come yet
        return from_values(field.type, [None] * len(ordinals))
    found = (vectors.vector(ordinal) for ordinal in ordinals.tolist())
    values: list[Value] = [None if v is None else v.tolist() for v in found]
    return from_values(field.type, values)
