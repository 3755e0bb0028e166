"""Functions over times and durations: Unix time, age, recency, buckets. Times are int64 µs since 1970 UTC."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Column, Ints, Mask
from paasq_daemon.kernels import checked_integers
from paasq_daemon.kernels.columns import column_to_values, null_column
from paasq_daemon.kernels.context import KernelCall, scalar_kernel
from paasq_daemon.kernels.durations import length_us, months_and_micros
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import (
    combine_validity,
    finite_column,
    flat_column,
    null_mask,
    numeric_values,
    row_count,
    validity_of,
)
from paasq_daemon.kernels.time.date_parts import MONDAY_US
from paasq_daemon.kernels.time.months import month_start_us, months_since_epoch, time_column
from paasq_daemon.kernels.time.zone_transitions import zone_transitions
from paasq_dsl.types import DURATION, FLOAT, TypeKind
from paasq_dsl.values import MICROS_PER_UNIT

_YEAR_0_MONTHS = 1970 * 12  # so that buckets of 10y begin in 2020, not in 2029


@scalar_kernel("to_unix")
def to_unix(_: KernelCall, time: Column) -> Column:
    """FlatColumn[float64]: seconds since 1970 UTC."""
    return flat_column(FLOAT, numeric_values(time) / MICROS_PER_UNIT["s"], validity_of(time))


@scalar_kernel("from_unix")
def from_unix(call: KernelCall, seconds_: Column) -> Column:
    """FlatColumn[time] of seconds since 1970 UTC, rounded to microseconds.

    Raises EvaluationError PQ0780 outside 64 bits, PQ0782 outside the years 1 to 9999.
    """
    values, valid = numeric_values(seconds_), validity_of(seconds_)
    if values.dtype == np.float64:
        return time_column(
            checked_integers.from_floats(values * MICROS_PER_UNIT["s"], valid, call.span), valid, call.span
        )
    micros = checked_integers.multiply(values, np.array([MICROS_PER_UNIT["s"]]), valid, call.span)
    return time_column(micros, valid, call.span)


@scalar_kernel("seconds")
def seconds(_: KernelCall, duration: Column) -> Column:
    """FlatColumn[float64]: the duration in seconds, a month as a twelfth of 365.2425 days."""
    return flat_column(FLOAT, length_us(duration) / MICROS_PER_UNIT["s"], validity_of(duration))


@scalar_kernel("age")
def age(call: KernelCall, time: Column) -> Column:
    """FlatColumn[duration]: microseconds from the time until now, negative for the future."""
    valid = validity_of(time)
    now = np.array([call.context.now_us], np.int64)
    return flat_column(DURATION, checked_integers.subtract(now, numeric_values(time), valid, call.span), valid)


@scalar_kernel("recency")
def recency(call: KernelCall, time: Column, half_life: Column) -> Column:
    """FlatColumn[float64] without nulls: 2 ** (-age / half_life), 1 for the future, 0 where an argument is null.

    Raises EvaluationError PQ0758 where a half-life is not positive.
    """
    halves = length_us(half_life)
    _require_positive(halves, ~null_mask(half_life), "PQ0758", call)
    age_us = np.maximum(call.context.now_us - numeric_values(time).astype(np.float64), 0.0)
    fresh = np.exp2(-age_us / halves)
    return flat_column(FLOAT, np.where(null_mask(time) | null_mask(half_life), 0.0, fresh))


@scalar_kernel("bucket")
def bucket(call: KernelCall, value: Column, width: Column, zone: Column | None = None) -> Column:
    """The start of the bucket that holds the value: FlatColumn[time] of times, float64 of numbers.

    Buckets of whole weeks start on Monday, other fixed widths at 1970 UTC, months at year 0; with `zone` all are by its
    local time. Raises EvaluationError PQ0757 where a width is not positive, PQ0755 where it mixes months and shorter
    units, PQ0756 where the zone varies by row.
    """
    if TypeKind.NULL in {value.type.kind, width.type.kind} or (zone is not None and null_mask(zone).all()):
        return null_column(call.type, row_count((value, width)))
    valid = combine_validity(validity_of(value), validity_of(width))
    if zone is not None:
        return time_column(_zoned_bucket(call, numeric_values(value), width, zone, valid), valid, call.span)
    if value.type.kind is TypeKind.TIME:
        return time_column(_time_bucket(call, numeric_values(value), width, valid), valid, call.span)
    step = numeric_values(width).astype(np.float64)
    _require_positive(step, ~null_mask(width), "PQ0757", call)
    return finite_column(FLOAT, np.floor(numeric_values(value) / step) * step, valid)


def _time_bucket(call: KernelCall, times: Ints, width: Column, valid: Mask | None) -> Ints:
    months, micros = months_and_micros(width)
    present = ~null_mask(width)
    if (present & (months != 0) & (micros != 0)).any():
        raise EvaluationError("PQ0755", call.span)
    _require_positive(months + micros, present, "PQ0757", call)
    by_month, step = np.maximum(months, 1), np.maximum(micros, 1)
    origin = np.where(micros % MICROS_PER_UNIT["w"] == 0, MONDAY_US, 0)
    fixed = checked_integers.subtract(times, (times - origin) % step, valid, call.span)
    if not months.any():
        return fixed
    calendar = months_since_epoch(times) + _YEAR_0_MONTHS
    return np.where(months > 0, month_start_us(calendar // by_month * by_month - _YEAR_0_MONTHS), fixed)


def _zoned_bucket(call: KernelCall, times: Ints, width: Column, zone: Column, valid: Mask | None) -> Ints:
    """By the clocks of the zone. A bucket of more than an hour takes in an hour that comes twice; others come twice too."""
    if len(zone) != 1:
        raise EvaluationError("PQ0756", call.span)
    known = times if valid is None else times[np.broadcast_to(valid, len(times))]
    low, high = (int(known.min()), int(known.max())) if len(known) else (0, 0)
    clocks = zone_transitions(str(column_to_values(zone)[0]), low, high, call.span)
    local = _time_bucket(call, clocks.to_local(times), width, valid)
    return np.where(
        length_us(width) > MICROS_PER_UNIT["h"], clocks.earliest_utc(local), clocks.latest_utc_before(local, times)
    )


def _require_positive(values: NDArray[Any], present: Mask, code: str, call: KernelCall) -> None:
    if (present & (values <= 0)).any():
        raise EvaluationError(code, call.span)
