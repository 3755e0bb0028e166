"""Statistics of a column's live rows, for the planner and for completion."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Column, DictionaryColumn, FlatColumn, ListColumn, Mask
from paasq_dsl.values import Value

SAMPLE_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class ColumnStatistics:
    """Of the live rows of a column: their number, the nulls, and of the others the distinct values and their range.

    For a list column `distinct`, `minimum` and `maximum` are those of the items. `distinct` is exact for strings, and
    for numbers up to SAMPLE_ROWS rows; beyond, it is the GEE estimate of Charikar et al. (PODS 2000) from a sample.
    """

    rows: int
    nulls: int
    distinct: int
    minimum: Value = None
    maximum: Value = None


def column_statistics(column: Column, alive: Mask) -> ColumnStatistics:
    """Statistics of the rows where `alive` (bool by row) is True."""
    rows = int(np.count_nonzero(alive))
    nulls = rows - int(np.count_nonzero(alive & validity_mask(column)))
    if isinstance(column, ListColumn):
        inner = column_statistics(column.items, live_item_mask(column, alive))
        return ColumnStatistics(rows, nulls, inner.distinct, inner.minimum, inner.maximum)
    if isinstance(column, DictionaryColumn):
        used = column.dictionary[live_code_counts(column, alive) > 0]
        return ColumnStatistics(rows, nulls, len(used), min(used, default=None), max(used, default=None))
    values = column.values[alive & validity_mask(column)]
    if not len(values):
        return ColumnStatistics(rows, nulls, 0)
    return ColumnStatistics(rows, nulls, _distinct(values), values.min().item(), values.max().item())


def live_value_counts(column: Column, alive: Mask) -> tuple[list[str], list[int]]:
    """The strings of a DictionaryColumn, or of a list column of such, and in how many live rows or items each occurs
    (never 0).

    Raises TypeError for a FlatColumn.
    """
    if isinstance(column, ListColumn):
        return live_value_counts(column.items, live_item_mask(column, alive))
    if isinstance(column, FlatColumn):
        raise TypeError(f"a column of {column.type} has no dictionary")
    counts = live_code_counts(column, alive)
    used = np.flatnonzero(counts)
    return column.dictionary[used].tolist(), counts[used].tolist()


def live_code_counts(column: DictionaryColumn, alive: Mask) -> NDArray[np.int64]:
    """int64 by dictionary entry: in how many live rows it occurs."""
    codes = column.codes[alive]
    return np.bincount(codes[codes >= 0], minlength=len(column.dictionary)).astype(np.int64)


def validity_mask(column: Column) -> Mask:
    """Where a row is not null, bool by row."""
    if isinstance(column, DictionaryColumn):
        return column.codes >= 0
    return np.ones(len(column), np.bool_) if column.validity is None else column.validity


def live_item_mask(column: ListColumn, alive: Mask) -> Mask:
    """Where an item belongs to a live row, bool by item."""
    return np.repeat(alive, np.diff(column.offsets))


def _distinct(values: NDArray[Any]) -> int:
    count = len(values)
    if count <= SAMPLE_ROWS:
        return len(np.unique(values))
    sample = values[np.linspace(0, count - 1, SAMPLE_ROWS).astype(np.int64)]
    times = np.unique(sample, return_counts=True)[1]
    once = int(np.count_nonzero(times == 1))
    return round(math.sqrt(count / SAMPLE_ROWS) * once) + len(times) - once
