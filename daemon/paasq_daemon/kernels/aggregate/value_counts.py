"""Facet counts: the distinct values of a column and how many rows have each."""

from __future__ import annotations

import numpy as np

from paasq_daemon.index.column import Column, Ints, ListColumn
from paasq_daemon.kernels.columns import column_to_values
from paasq_daemon.kernels.operands import item_rows, null_mask
from paasq_daemon.kernels.sort_keys import dense_ranks, distinct_pairs, first_rows
from paasq_dsl.values import Value


def value_counts(column: Column, top: int | None) -> list[tuple[Value, int]]:
    """(value, rows), most frequent first, then by value; null last whatever its count. The first `top` of these, or
    all.

    A row with a list counts once for each distinct item that is not null; an empty list counts for nothing.
    """
    nulls = null_mask(column)
    counted = column.take(np.flatnonzero(~nulls)) if nulls.any() else column
    rows: Ints | None = None
    if isinstance(counted, ListColumn):
        counted, rows = _items(counted)
    codes, count = dense_ranks(counted)
    totals = np.bincount(codes if rows is None else distinct_pairs(rows, codes, count)[1], minlength=count)
    representatives = first_rows(codes, count)
    best = np.argsort(-totals, kind="stable")[:top]
    values = column_to_values(counted.take(representatives[best]))
    found = list(zip(values, totals[best].tolist(), strict=True))
    missing = int(np.count_nonzero(nulls))
    return [*found, (None, missing)][:top] if missing else found


def _items(lists: ListColumn) -> tuple[Column, Ints]:
    """The items that are not null, and the row of each."""
    kept = np.flatnonzero(~null_mask(lists.items))
    return lists.items.take(kept), item_rows(lists, kept)
