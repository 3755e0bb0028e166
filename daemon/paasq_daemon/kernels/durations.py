"""Durations by their two components: int64 months and int64 microseconds, each of the column's length or of length 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Column, FlatColumn, Ints, Mask
from paasq_daemon.kernels import checked_integers
from paasq_daemon.kernels.columns import object_array
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import flat_column, numeric_values
from paasq_dsl.source_text import DUMMY_SPAN, Span
from paasq_dsl.types import DURATION
from paasq_dsl.values import DURATION_MONTHS_MAX, MONTH_MICROS, Duration


def months_and_micros(column: Column) -> tuple[Ints, Ints]:
    """(months, microseconds), int64. What null rows hold has no meaning."""
    values = numeric_values(column)
    if values.dtype != np.object_:
        return np.zeros(1, np.int64), values
    months = np.fromiter((d.months for d in values), np.int64, len(values))
    return months, np.fromiter((d.micros for d in values), np.int64, len(values))


def duration_column(months: Ints, micros: Ints, valid: Mask | None, span: Span = DUMMY_SPAN) -> FlatColumn:
    """FlatColumn[duration] from both components (broadcast): int64 µs where no row has months, else objects of Duration.

    Raises EvaluationError PQ0783 where the length of one that is not null has more than 64 bits in microseconds.
    """
    if not months.any():
        return flat_column(DURATION, np.broadcast_to(micros, np.broadcast_shapes(months.shape, micros.shape)), valid)
    pairs = np.broadcast_arrays(months, micros)
    outside = (pairs[0] > DURATION_MONTHS_MAX) | (pairs[0] < -DURATION_MONTHS_MAX)
    span_us = np.where(outside, 0, pairs[0]) * MONTH_MICROS
    total = span_us + pairs[1]
    outside |= ((span_us ^ total) & (pairs[1] ^ total)) < 0
    if (outside if valid is None else outside & valid).any():
        raise EvaluationError("PQ0783", span)
    lengths = [Duration(m, u) for m, u in zip(pairs[0].tolist(), pairs[1].tolist(), strict=True)]
    return flat_column(DURATION, object_array(lengths), valid)


def length_us(column: Column) -> Ints:
    """int64 µs, a month counted as `MONTH_MICROS`: what durations are compared and ordered by. It never wraps, since
    every duration of a column `is_storable`.
    """
    months, micros = months_and_micros(column)
    return months * MONTH_MICROS + micros


def mean_durations(months: Ints, micros: Ints, counts: Ints) -> FlatColumn:
    """FlatColumn[duration]: sums of months and of microseconds divided by `counts` (all int64, one entry a group); null
    where a count is 0.

    The remainder of the months becomes microseconds, and these are rounded to the nearest, exactly.
    """
    many = np.maximum(counts, 1)
    whole = np.where(months < 0, -(-months // many), months // many)
    rest: NDArray[Any] = (months - whole * many).astype(np.object_ if months.any() else np.int64)  # of any size
    total = rest * MONTH_MICROS + micros
    full = total // many
    left = total - full * many
    return duration_column(whole, (full + (2 * left + many) // (2 * many)).astype(np.int64), counts > 0)


def scale_duration(column: Column, factor: NDArray[Any], valid: Mask | None, span: Span) -> FlatColumn:
    """Each duration times `factor` (int64 or float64). A fraction of a month becomes microseconds, rounded to the
    nearest.

    Raises EvaluationError PQ0780 where a component leaves 64 bits, which an infinite or NaN factor does too, PQ0783 where
    the whole does.
    """
    months, micros = months_and_micros(column)
    if factor.dtype == np.int64:
        whole = checked_integers.multiply(months, factor, valid, span)
        return duration_column(whole, checked_integers.multiply(micros, factor, valid, span), valid, span)
    scaled = months.astype(np.float64) * factor
    whole = checked_integers.from_floats(np.trunc(scaled), valid, span)
    rest = micros * factor + (scaled - np.trunc(scaled)) * MONTH_MICROS
    return duration_column(whole, checked_integers.from_floats(rest, valid, span), valid, span)
