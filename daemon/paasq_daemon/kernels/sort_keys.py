"""Numbers that order as values do: what sorting, grouping and counting distinct values work with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Column, DictionaryColumn, Ints
from paasq_daemon.kernels.columns import column_to_values, compact_dictionary, dictionary_encode
from paasq_daemon.kernels.durations import length_us
from paasq_daemon.kernels.operands import null_mask, numeric_values
from paasq_dsl.types import STRING_KINDS, TypeKind
from paasq_dsl.values import Duration, Value

_SPREAD = (
    4  # up to so many times more possible than actual numbers, a table of all possible ones is quicker than sorting
)
_BY_NUMBER = frozenset({TypeKind.INT, TypeKind.FLOAT, TypeKind.BOOL, TypeKind.TIME})


def order_preserving(column: Column) -> NDArray[Any]:
    """int64, float64 or bool [rows] that order as the values do; arbitrary in null rows.

    Strings are ordered by code point, durations by their length, lists item by item with a shorter prefix first.
    """
    if column.type.kind in _BY_NUMBER or column.type.kind is TypeKind.NULL:
        return numeric_values(column)
    if column.type.kind is TypeKind.DURATION:
        return length_us(column)
    if column.type.kind in STRING_KINDS:
        return _ranks_of_words(compact_dictionary(dictionary_encode(column)))
    return _ranks_of_values(column_to_values(column))


def descending(values: NDArray[Any]) -> NDArray[Any]:
    """Numbers of the opposite order, without overflow."""
    return ~values if values.dtype.kind in "ib" else -values  # ~ turns ints round without an overflow


def dense_ranks(column: Column) -> tuple[Ints, int]:
    """(int64 rank of each row, number of ranks): ascending from 0 without gaps, equal values alike; null has the last rank."""
    nulls = null_mask(column)
    if not nulls.any():
        return factorize(order_preserving(column))
    values = order_preserving(column)
    codes, count = factorize(values[~nulls])
    found = np.full(len(nulls), count, np.int64)
    found[~nulls] = codes
    return found, count + 1


def factorize(values: NDArray[Any]) -> tuple[Ints, int]:
    """(int64 rank of each number, number of ranks): as `dense_ranks`, without nulls."""
    if not len(values):
        return np.zeros(0, np.int64), 0
    if values.dtype.kind in "ib":
        low, high = int(values.min()), int(values.max())
        if high - low < _SPREAD * len(values):
            present = np.zeros(high - low + 1, np.bool_)
            places = values.astype(np.int64) - low
            present[places] = True
            return (np.cumsum(present) - 1)[places], int(np.count_nonzero(present))
    distinct, codes = np.unique(values, return_inverse=True)
    return codes.astype(np.int64), len(distinct)


def first_rows(codes: Ints, count: int) -> Ints:
    """int64 [count]: the first row of each code, -1 for a code that no row has."""
    first = np.full(count, -1, np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)  # of several for one code the last assigned stays
    return first


def scalar_sort_key(value: Value) -> tuple[Any, ...]:
    """A hashable key by which single values are ordered and compared: null last, lists item by item, a duration by its length."""
    if value is None:
        return (1,)
    if isinstance(value, list):
        return (0, tuple(scalar_sort_key(item) for item in value))
    if isinstance(value, Duration):
        return (0, value.length_us)
    return (0, value)


def distinct_pairs(left: Ints, right: Ints, size: int) -> tuple[Ints, Ints]:
    """The distinct pairs, ascending, as two int64 arrays. Entries of `right` are below `size`."""
    pairs = np.sort(left * size + right)
    pairs = pairs[np.diff(pairs, prepend=-1) != 0]
    return np.divmod(pairs, max(size, 1))


def _ranks_of_words(words: DictionaryColumn) -> Ints:
    by_word = sorted(range(len(words.dictionary)), key=words.dictionary.__getitem__)
    rank = np.zeros(len(by_word) + 1, np.int64)  # the last is what the code of null reads
    rank[by_word] = np.arange(len(by_word))
    return rank[words.codes]


def _ranks_of_values(values: list[Value]) -> Ints:
    """Of lists and vectors: item by item, the shorter first, a null item last."""
    keys = [scalar_sort_key(v) for v in values]
    rank = {key: i for i, key in enumerate(sorted(set(keys)))}
    return np.array([rank[key] for key in keys], np.int64)
