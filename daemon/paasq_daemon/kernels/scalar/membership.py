"""The operators in, has, has any, has all over values and lists. A null item is an item like any other.

All give a FlatColumn[bool] without nulls. EvaluationError PQ0302 where the types cannot be compared, PQ0753 where a
list is expected.
"""

from __future__ import annotations

import numpy as np

from paasq_daemon.index.column import Column, DictionaryColumn, FlatColumn, ListColumn, Mask
from paasq_daemon.kernels.columns import broadcast, column_to_values, dictionary_decode
from paasq_daemon.kernels.context import KernelCall, scalar_kernel
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import bool_column, item_rows, null_mask, numeric_values, row_count
from paasq_daemon.kernels.scalar.comparison import comparable_values, equal_mask, equals_text, require_comparable
from paasq_dsl.source_text import Span
from paasq_dsl.types import STRING_KINDS, TypeKind

_FEW = 4  # words up to which looking for one after the other is quicker than asking a set for each entry


@scalar_kernel("in")
def in_(call: KernelCall, value: Column, items: Column) -> Column:
    """Whether the value is one of the items; false where the list is null."""
    return bool_column(_has(items, value, call.span))


@scalar_kernel("not in")
def not_in(call: KernelCall, value: Column, items: Column) -> Column:
    """The negation of `in_`: true where the list is null."""
    return bool_column(~_has(items, value, call.span))


@scalar_kernel("has")
def has(call: KernelCall, items: Column, value: Column) -> Column:
    """`in_` with the arguments exchanged."""
    return bool_column(_has(items, value, call.span))


@scalar_kernel("has any")
def has_any(call: KernelCall, items: Column, wanted: Column) -> Column:
    """Whether at least one of `wanted` is an item; false where either list is null, or `wanted` is empty."""
    if _is_null(items) or _is_null(wanted):
        return bool_column(np.zeros(row_count((items, wanted)), np.bool_))
    items, wanted = _list(items, call.span), _list(wanted, call.span)
    if len(wanted) != 1:
        return bool_column(_compare_sets(items, wanted, every=False))
    return bool_column(_rows_with(items, member_mask(items.items, _row_items(wanted), call.span)))


@scalar_kernel("has all")
def has_all(call: KernelCall, items: Column, wanted: Column) -> Column:
    """Whether all of `wanted` are items; true of an empty `wanted`, false where either list is null."""
    if _is_null(items) or _is_null(wanted):
        return bool_column(np.zeros(row_count((items, wanted)), np.bool_))
    items, wanted = _list(items, call.span), _list(wanted, call.span)
    if len(wanted) != 1:
        return bool_column(_compare_sets(items, wanted, every=True))
    found = ~null_mask(items)
    required = _row_items(wanted)
    for i in range(len(required)):
        found &= _rows_with(items, equal_mask(items.items, required.take(np.array([i])), call.span))
    return bool_column(found)


def member_mask(column: Column, items: Column, span: Span) -> Mask:
    """Bool by row: whether the value of `column` is among all of `items`, null included."""
    require_comparable(column, items, span)
    nulls = null_mask(column)
    found = np.zeros(len(column), np.bool_)
    if TypeKind.NULL not in {column.type.kind, items.type.kind}:
        if column.type.kind in STRING_KINDS:
            found = _members_strings(column, {w for w in column_to_values(items) if isinstance(w, str)})
        else:
            found = np.isin(comparable_values(column), comparable_values(items)[~null_mask(items)])
        found &= ~nulls
    return found | nulls if null_mask(items).any() else found


def _has(items: Column, value: Column, span: Span) -> Mask:
    length = row_count((items, value))
    if _is_null(items):
        return np.zeros(length, np.bool_)
    items = _list(items, span)
    if len(items) == 1:
        return member_mask(value, _row_items(items), span)
    if len(value) == 1:
        return _rows_with(items, equal_mask(items.items, value, span))
    items = items.take(np.arange(length))  # so that items and offsets begin together
    rows = np.repeat(np.arange(length), np.diff(items.offsets))
    return _rows_with(items, equal_mask(items.items, value.take(rows), span))


def _rows_with(lists: ListColumn, hits: Mask) -> Mask:
    """Rows of which an item is hit. `hits` has one entry an item."""
    found = np.zeros(len(lists), np.bool_)
    rows = item_rows(lists, np.flatnonzero(hits))
    found[rows[(rows >= 0) & (rows < len(lists))]] = True
    return found if lists.validity is None else found & lists.validity


def _row_items(lists: ListColumn) -> FlatColumn | DictionaryColumn:
    """The items of a list of one row; none where it is null."""
    size = 0 if null_mask(lists)[0] else int(lists.offsets[1] - lists.offsets[0])
    return lists.items.take(np.arange(lists.offsets[0], lists.offsets[0] + size))


def _members_strings(column: Column, words: set[str]) -> Mask:
    if len(words) <= _FEW:
        found = np.zeros(len(column), np.bool_)
        for word in words:
            found |= equals_text(column, word)
        return found
    if isinstance(column, DictionaryColumn) and len(column) >= len(column.dictionary):
        known = np.fromiter((w in words for w in column.dictionary), np.bool_, len(column.dictionary))
        return np.append(known, False)[column.codes]
    values = dictionary_decode(column) if isinstance(column, DictionaryColumn) else numeric_values(column)
    return np.fromiter((v in words for v in values), np.bool_, len(values))


def _compare_sets(items: ListColumn, wanted: ListColumn, *, every: bool) -> Mask:
    length = row_count((items, wanted))
    found = np.zeros(length, np.bool_)
    pairs = zip(column_to_values(broadcast(items, length)), column_to_values(broadcast(wanted, length)), strict=True)
    for row, (have, required) in enumerate(pairs):
        if isinstance(have, list) and isinstance(required, list):
            found[row] = (all if every else any)(item in have for item in required)
    return found


def _is_null(column: Column) -> bool:
    return column.type.kind is TypeKind.NULL


def _list(column: Column, span: Span) -> ListColumn:
    if not isinstance(column, ListColumn):
        raise EvaluationError("PQ0753", span, type=column.type)
    return column
