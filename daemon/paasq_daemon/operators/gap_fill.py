"""Values for the rows missing from a series."""

from __future__ import annotations

import numpy as np

from paasq_daemon.index.column import Column, FlatColumn, Ints, Mask
from paasq_daemon.kernels.operands import null_mask, null_outside
from paasq_dsl.types import FLOAT, TypeKind


def carry_forward(column: Column, observed: Mask, series: int) -> Column:
    """In rows that are not there the last value of the series before it that is not null. Rows are ordered by series, all of one
    length, then by time."""
    rows = np.arange(len(column))
    before = _before(observed & ~null_mask(column), series)
    chosen = np.where(observed, rows, before)
    return null_outside(column.take(np.maximum(chosen, 0)), chosen >= 0)


def interpolate(column: Column, observed: Mask, series: int, times: Ints) -> Column:
    """In rows that are not there what lies on the straight line between the values around it: null at the ends, and of what is
    no float."""
    if not isinstance(column, FlatColumn) or column.type.kind is not TypeKind.FLOAT:
        return column
    known = observed & ~null_mask(column)
    before = _before(known, series)
    after = len(column) - 1 - _before(known[::-1], series)[::-1]
    between = ~observed & (before >= 0) & (after < len(column))
    low, high = np.maximum(before, 0), np.minimum(after, len(column) - 1)
    values = column.values
    share = (times - times[low]) / np.maximum(times[high] - times[low], 1)
    line = values[low] + (values[high] - values[low]) * share
    return FlatColumn(FLOAT, np.where(between, line, values), known | between)


def int_to_float(column: Column) -> Column:
    """An int as a float, anything else as it is."""
    if isinstance(column, FlatColumn) and column.type.kind is TypeKind.INT:
        return FlatColumn(FLOAT, column.values.astype(np.float64), column.validity)
    return column


def _before(known: Mask, series: int) -> Ints:
    """The last row at or before each that is known, in its series; -1 where none is."""
    rows = np.where(known, np.arange(len(known)), -1).reshape(series, -1)
    return np.maximum.accumulate(rows, axis=1).ravel()
