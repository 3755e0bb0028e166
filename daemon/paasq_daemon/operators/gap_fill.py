"""What stands in rows that no value is known of, between rows of a series."""

from __future__ import annotations

import numpy as np

from paasq_daemon.index.column import Column, Flat, Ints, Mask
from paasq_daemon.kernels.operands import null_of, restrict
from paasq_dsl.types import FLOAT, Kind


def previous(column: Column, there: Mask, series: int) -> Column:
    """In rows that are not there the last value of the series before it that is not null. Rows stand by series, all of one
    length, then by time."""
    rows = np.arange(len(column))
    before = _before(there & ~null_of(column), series)
    chosen = np.where(there, rows, before)
    return restrict(column.take(np.maximum(chosen, 0)), chosen >= 0)


def linear(column: Column, there: Mask, series: int, times: Ints) -> Column:
    """In rows that are not there what lies on the straight line between the values around it: null at the ends, and of what is
    no float."""
    if not isinstance(column, Flat) or column.type.kind is not Kind.FLOAT:
        return column
    known = there & ~null_of(column)
    before = _before(known, series)
    after = len(column) - 1 - _before(known[::-1], series)[::-1]
    between = ~there & (before >= 0) & (after < len(column))
    low, high = np.maximum(before, 0), np.minimum(after, len(column) - 1)
    values = column.values
    share = (times - times[low]) / np.maximum(times[high] - times[low], 1)
    line = values[low] + (values[high] - values[low]) * share
    return Flat(FLOAT, np.where(between, line, values), known | between)


def as_float(column: Column) -> Column:
    """An int as a float, anything else as it is."""
    if isinstance(column, Flat) and column.type.kind is Kind.INT:
        return Flat(FLOAT, column.values.astype(np.float64), column.valid)
    return column


def _before(known: Mask, series: int) -> Ints:
    """The last row at or before each that is known, in its series; -1 where none is."""
    rows = np.where(known, np.arange(len(known)), -1).reshape(series, -1)
    return np.maximum.accumulate(rows, axis=1).ravel()
