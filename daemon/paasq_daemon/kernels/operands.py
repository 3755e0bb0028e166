"""What kernels ask of their arguments. Each argument has as many rows as the call, or one row that is broadcast."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Column, DictionaryColumn, FlatColumn, Ints, ListColumn, Mask
from paasq_daemon.kernels.columns import (
    broadcast,
    column_from_values,
    column_to_values,
    compact_dictionary,
    concatenate,
    dictionary_encode,
    null_column,
)
from paasq_daemon.kernels.errors import EvaluationError
from paasq_dsl.functions.signature import unify
from paasq_dsl.source_text import Span
from paasq_dsl.types import BOOL, KEYWORD, NULL, STRING_KINDS, Type, TypeKind
from paasq_dsl.values import Value


def row_count(columns: Sequence[Column]) -> int:
    """The number of rows of the call: that of the first argument that has not exactly one, else 1."""
    return next((len(c) for c in columns if len(c) != 1), 1)


def validity_of(column: Column) -> Mask | None:
    """Bool by row, True where not null; None where nothing is null."""
    if isinstance(column, DictionaryColumn):
        valid = column.codes >= 0
        return None if valid.all() else valid
    return column.validity


def null_mask(column: Column) -> Mask:
    """Bool by row, True where null."""
    valid = validity_of(column)
    return np.zeros(len(column), np.bool_) if valid is None else ~valid


def combine_validity(*masks: Mask | None) -> Mask | None:
    """The conjunction of the masks; None means valid everywhere."""
    together: Mask | None = None
    for mask in masks:
        if mask is not None:
            together = mask if together is None else together & mask
    return together


def flat_column(type_: Type, values: NDArray[Any], valid: Mask | None = None) -> FlatColumn:
    """A FlatColumn of computed values; `valid` may have one entry, which is broadcast."""
    return FlatColumn(type_, values, None if valid is None else np.broadcast_to(valid, len(values)))


def bool_column(values: Mask) -> FlatColumn:
    """FlatColumn[bool] without nulls."""
    return FlatColumn(BOOL, values)


def finite_column(type_: Type, values: NDArray[np.float64], valid: Mask | None) -> FlatColumn:
    """A FlatColumn of float64 in which NaN and infinities are null."""
    real = np.isfinite(values)
    return flat_column(type_, values, valid if real.all() else combine_validity(valid, real))


def numeric_values(column: Column) -> NDArray[Any]:
    """The `values` array of a FlatColumn; int64 zeros where the column is of type null. Null rows hold arbitrary numbers."""
    if column.type.kind is TypeKind.NULL:
        return np.zeros(len(column), np.int64)
    assert isinstance(column, FlatColumn)
    return column.values


def condition_mask(column: Column, span: Span) -> Mask:
    """Bool by row: True where a condition is true; null is false. Raises EvaluationError PQ0304 where the column is not bool."""
    if column.type.kind is TypeKind.NULL:
        return np.zeros(len(column), np.bool_)
    if column.type.kind is not TypeKind.BOOL:
        raise EvaluationError("PQ0304", span, what="a condition", expected="true or false", found=column.type)
    values: Mask = numeric_values(column)
    valid = validity_of(column)
    return values if valid is None else values & valid


def common_type(bound: Type, columns: Sequence[Column], span: Span) -> Type:
    """The result type of a function that returns one of its arguments: the bound type, or wider where a parameter
    requires it.

    Raises EvaluationError PQ0750 where a parameter without a declared type turns out to be of an incompatible type.
    """
    known = NULL if bound.kind is TypeKind.ANY else bound
    for column in columns:
        if {known.kind, column.type.kind} <= STRING_KINDS:
            continue
        unified = unify(known, column.type)
        if unified is None:
            raise EvaluationError("PQ0750", span, left=known, right=column.type)
        known = unified
    return known


def choose(type_: Type, choice: Ints, columns: Sequence[Column], rows: Ints | None = None) -> Column:
    """For each entry the value of column number `choice[entry]` in row `entry`, or in row `rows[entry]` (both int64)."""
    starts = np.cumsum([0, *(len(c) for c in columns)])[:-1]
    steps = np.array([len(c) != 1 for c in columns], np.int64)
    rows = np.arange(len(choice)) if rows is None else rows
    return concatenate(type_, columns).take(starts[choice] + steps[choice] * rows)


def null_outside(column: Column, where: Mask) -> Column:
    """The column with null where `where` (bool by row, or one entry for all) is False."""
    where = np.broadcast_to(where, len(column))
    if isinstance(column, DictionaryColumn):
        return replace(column, codes=np.where(where, column.codes, np.int32(-1)))
    return replace(column, validity=combine_validity(column.validity, where))


def item_rows(lists: ListColumn, positions: Ints) -> Ints:
    """int64: the row that the item at each position of `lists.items` belongs to."""
    return np.searchsorted(lists.offsets, positions, side="right") - 1


def map_values(type_: Type, function: Callable[..., Value], *columns: Column) -> Column:
    """A Python function by row, null where an argument is null or the function returns None.

    Where the only varying argument is dictionary-encoded, the function is called once for each distinct string.
    """
    length = row_count(columns)
    if any(len(c) == 1 and null_mask(c)[0] for c in columns):
        return null_column(type_, length)
    varying = [i for i, c in enumerate(columns) if len(c) != 1]
    if len(varying) == 1:
        driver = columns[varying[0]]
        if isinstance(driver, DictionaryColumn):
            return _map_words(type_, function, columns, varying[0], compact_dictionary(driver))
    lists = [column_to_values(broadcast(c, length)) for c in columns]
    return column_from_values(type_, [None if None in row else function(*row) for row in zip(*lists, strict=True)])


def _map_words(
    type_: Type, function: Callable[..., Value], columns: Sequence[Column], place: int, words: DictionaryColumn
) -> Column:
    row = [None if i == place else column_to_values(c)[0] for i, c in enumerate(columns)]
    results: list[Value] = []
    for word in words.dictionary:
        row[place] = word
        results.append(function(*row))
    results.append(None)  # what the code of null leads to
    rows = np.where(words.codes < 0, len(words.dictionary), words.codes).astype(np.int64)
    if type_.kind not in STRING_KINDS:
        return column_from_values(type_, results).take(rows)
    coded = dictionary_encode(column_from_values(KEYWORD, results)).take(rows)
    return DictionaryColumn(type_, coded.codes, coded.dictionary)
