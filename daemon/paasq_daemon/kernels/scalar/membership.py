"""in, has, has any, has all: values and lists. A null is an item like any other."""

from __future__ import annotations

import numpy as np

from paasq_daemon.index.column import Coded, Column, Flat, Ints, Mask, Ragged
from paasq_daemon.kernels.columns import broadcast, decode, to_values
from paasq_daemon.kernels.context import Call, kernel
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.operands import mask_column, null_of, numbers, rows_of
from paasq_daemon.kernels.scalar.comparison import equal, matches, require_comparable, scalars
from paasq_dsl.source_text import Span
from paasq_dsl.types import STRING_KINDS, Kind

_FEW = 4  # words up to which looking for one after the other is quicker than asking a set for each entry


@kernel("in")
def in_(call: Call, value: Column, items: Column) -> Column:
    return mask_column(_has(items, value, call.span))


@kernel("not in")
def not_in(call: Call, value: Column, items: Column) -> Column:
    return mask_column(~_has(items, value, call.span))


@kernel("has")
def has(call: Call, items: Column, value: Column) -> Column:
    return mask_column(_has(items, value, call.span))


@kernel("has any")
def has_any(call: Call, items: Column, wanted: Column) -> Column:
    if _is_null(items) or _is_null(wanted):
        return mask_column(np.zeros(rows_of((items, wanted)), np.bool_))
    items, wanted = _list(items, call.span), _list(wanted, call.span)
    if len(wanted) != 1:
        return mask_column(_compare_sets(items, wanted, every=False))
    return mask_column(_rows_with(items, members(items.items, _row_items(wanted), call.span)))


@kernel("has all")
def has_all(call: Call, items: Column, wanted: Column) -> Column:
    """True of an empty list of wanted items, but never of a null list."""
    if _is_null(items) or _is_null(wanted):
        return mask_column(np.zeros(rows_of((items, wanted)), np.bool_))
    items, wanted = _list(items, call.span), _list(wanted, call.span)
    if len(wanted) != 1:
        return mask_column(_compare_sets(items, wanted, every=True))
    found = ~null_of(items)
    asked = _row_items(wanted)
    for i in range(len(asked)):
        found &= _rows_with(items, equal(items.items, asked.take(np.array([i])), call.span))
    return mask_column(found)


def members(column: Column, items: Column, span: Span) -> Mask:
    """Where the value of `column` is one of all of `items`."""
    require_comparable(column, items, span)
    nulls = null_of(column)
    found = np.zeros(len(column), np.bool_)
    if Kind.NULL not in {column.type.kind, items.type.kind}:
        if column.type.kind in STRING_KINDS:
            found = _members_strings(column, {w for w in to_values(items) if isinstance(w, str)})
        else:
            found = np.isin(scalars(column), scalars(items)[~null_of(items)])
        found &= ~nulls
    return found | nulls if null_of(items).any() else found


def item_rows(lists: Ragged, positions: Ints) -> Ints:
    """The rows that items at these positions belong to."""
    return np.searchsorted(lists.offsets, positions, side="right") - 1


def _has(items: Column, value: Column, span: Span) -> Mask:
    length = rows_of((items, value))
    if _is_null(items):
        return np.zeros(length, np.bool_)
    items = _list(items, span)
    if len(items) == 1:
        return members(value, _row_items(items), span)
    if len(value) == 1:
        return _rows_with(items, equal(items.items, value, span))
    items = items.take(np.arange(length))  # so that items and offsets begin together
    rows = np.repeat(np.arange(length), np.diff(items.offsets))
    return _rows_with(items, equal(items.items, value.take(rows), span))


def _rows_with(lists: Ragged, hits: Mask) -> Mask:
    """Rows of which an item is hit. `hits` has one entry an item."""
    found = np.zeros(len(lists), np.bool_)
    rows = item_rows(lists, np.flatnonzero(hits))
    found[rows[(rows >= 0) & (rows < len(lists))]] = True
    return found if lists.valid is None else found & lists.valid


def _row_items(lists: Ragged) -> Flat | Coded:
    """The items of a list of one row; none where it is null."""
    size = 0 if null_of(lists)[0] else int(lists.offsets[1] - lists.offsets[0])
    return lists.items.take(np.arange(lists.offsets[0], lists.offsets[0] + size))


def _members_strings(column: Column, words: set[str]) -> Mask:
    if len(words) <= _FEW:
        found = np.zeros(len(column), np.bool_)
        for word in words:
            found |= matches(column, word)
        return found
    if isinstance(column, Coded) and len(column) >= len(column.dictionary):
        known = np.fromiter((w in words for w in column.dictionary), np.bool_, len(column.dictionary))
        return np.append(known, False)[column.codes]
    values = decode(column) if isinstance(column, Coded) else numbers(column)
    return np.fromiter((v in words for v in values), np.bool_, len(values))


def _compare_sets(items: Ragged, wanted: Ragged, *, every: bool) -> Mask:
    length = rows_of((items, wanted))
    found = np.zeros(length, np.bool_)
    pairs = zip(to_values(broadcast(items, length)), to_values(broadcast(wanted, length)), strict=True)
    for row, (have, asked) in enumerate(pairs):
        if isinstance(have, list) and isinstance(asked, list):
            found[row] = (all if every else any)(item in have for item in asked)
    return found


def _is_null(column: Column) -> bool:
    return column.type.kind is Kind.NULL


def _list(column: Column, span: Span) -> Ragged:
    if not isinstance(column, Ragged):
        raise KernelError("PQ0753", span, type=column.type)
    return column
