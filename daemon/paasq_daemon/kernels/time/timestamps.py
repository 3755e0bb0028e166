"""Functions over times and durations: how long, how long ago, in which bucket."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Column, Ints, Mask
from paasq_daemon.kernels import checked_integers
from paasq_daemon.kernels.columns import null_column, to_values
from paasq_daemon.kernels.context import Call, kernel
from paasq_daemon.kernels.durations import length_us, parts
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.kernels.operands import both, finite, flat, null_of, numbers, rows_of, valid_of
from paasq_daemon.kernels.time.date_parts import MONDAY_US
from paasq_daemon.kernels.time.months import month_of, month_start_us
from paasq_daemon.kernels.time.zone_transitions import transitions
from paasq_dsl.types import DURATION, FLOAT, TIME, Kind
from paasq_dsl.values import MICROS

_YEAR_0_MONTHS = 1970 * 12  # so that buckets of 10y begin in 2020, not in 2029


@kernel("to_unix")
def to_unix(_: Call, time: Column) -> Column:
    return flat(FLOAT, numbers(time) / MICROS["s"], valid_of(time))


@kernel("from_unix")
def from_unix(call: Call, seconds_: Column) -> Column:
    values, valid = numbers(seconds_), valid_of(seconds_)
    if values.dtype == np.float64:
        return flat(TIME, checked_integers.from_floats(values * MICROS["s"], valid, call.span), valid)
    return flat(TIME, checked_integers.multiply(values, np.array([MICROS["s"]]), valid, call.span), valid)


@kernel("seconds")
def seconds(_: Call, duration: Column) -> Column:
    return flat(FLOAT, length_us(duration) / MICROS["s"], valid_of(duration))


@kernel("age")
def age(call: Call, time: Column) -> Column:
    valid = valid_of(time)
    now = np.array([call.run.now_us], np.int64)
    return flat(DURATION, checked_integers.subtract(now, numbers(time), valid, call.span), valid)


@kernel("recency")
def recency(call: Call, time: Column, half_life: Column) -> Column:
    """Of a time to come 1."""
    halves = length_us(half_life)
    _require_positive(halves, ~null_of(half_life), "PQ0758", call)
    age_us = np.maximum(call.run.now_us - numbers(time).astype(np.float64), 0.0)
    fresh = np.exp2(-age_us / halves)
    return flat(FLOAT, np.where(null_of(time) | null_of(half_life), 0.0, fresh))


@kernel("bucket")
def bucket(call: Call, value: Column, width: Column, zone: Column | None = None) -> Column:
    if Kind.NULL in {value.type.kind, width.type.kind} or (zone is not None and null_of(zone).all()):
        return null_column(call.type, rows_of((value, width)))
    valid = both(valid_of(value), valid_of(width))
    if zone is not None:
        return flat(TIME, _zoned_bucket(call, numbers(value), width, zone, valid), valid)
    if value.type.kind is Kind.TIME:
        return flat(TIME, _time_bucket(call, numbers(value), width, valid), valid)
    step = numbers(width).astype(np.float64)
    _require_positive(step, ~null_of(width), "PQ0757", call)
    return finite(FLOAT, np.floor(numbers(value) / step) * step, valid)


def _time_bucket(call: Call, times: Ints, width: Column, valid: Mask | None) -> Ints:
    months, micros = parts(width)
    there = ~null_of(width)
    if (there & (months != 0) & (micros != 0)).any():
        raise KernelError("PQ0755", call.span)
    _require_positive(months + micros, there, "PQ0757", call)
    by_month, step = np.maximum(months, 1), np.maximum(micros, 1)
    origin = np.where(micros % MICROS["w"] == 0, MONDAY_US, 0)
    fixed = checked_integers.subtract(times, (times - origin) % step, valid, call.span)
    if not months.any():
        return fixed
    calendar = month_of(times) + _YEAR_0_MONTHS
    return np.where(months > 0, month_start_us(calendar // by_month * by_month - _YEAR_0_MONTHS), fixed)


def _zoned_bucket(call: Call, times: Ints, width: Column, zone: Column, valid: Mask | None) -> Ints:
    """By the clocks of the zone. A bucket of more than an hour takes in an hour that comes twice; others come twice too."""
    if len(zone) != 1:
        raise KernelError("PQ0756", call.span)
    known = times if valid is None else times[np.broadcast_to(valid, len(times))]
    low, high = (int(known.min()), int(known.max())) if len(known) else (0, 0)
    clocks = transitions(str(to_values(zone)[0]), low, high, call.span)
    local = _time_bucket(call, clocks.local(times), width, valid)
    return np.where(length_us(width) > MICROS["h"], clocks.first(local), clocks.last_before(local, times))


def _require_positive(values: NDArray[Any], there: Mask, code: str, call: Call) -> None:
    if (there & (values <= 0)).any():
        raise KernelError(code, call.span)
