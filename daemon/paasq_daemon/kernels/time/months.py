"""Calendar months of many times at once. Times are int64 µs since 1970 UTC, months are counted from January 1970."""

from __future__ import annotations

import numpy as np

from paasq_daemon.index.column import FlatColumn, Ints, Mask
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.operands import flat_column
from paasq_dsl.source_text import Span
from paasq_dsl.types import TIME
from paasq_dsl.values import MICROS_PER_UNIT, TIME_MAX_US, TIME_MIN_US

DAY_US = MICROS_PER_UNIT["d"]
_MONTHS_MAX = 292_000 * 12  # from 1970, either way, before microseconds leave 64 bits


def time_column(times: Ints, valid: Mask | None, span: Span) -> FlatColumn:
    """FlatColumn[time] of int64 µs since 1970 UTC. Raises EvaluationError PQ0782 where one that is not null is outside the
    years 1 to 9999, which no time that is written, stored or shown leaves.
    """
    outside = (times < TIME_MIN_US) | (times > TIME_MAX_US)
    if (outside if valid is None else outside & valid).any():
        raise EvaluationError("PQ0782", span)
    return flat_column(TIME, times, valid)


def add_months(times: Ints, months: Ints, valid: Mask | None, span: Span) -> Ints:
    """Times on the same day and time of day `months` later, or on the month's last day where that day does not exist.

    Raises EvaluationError PQ0782 where a month is beyond what microseconds can hold.
    """
    if not months.any():
        return times
    days = times // DAY_US
    month = months_since_epoch(times)
    target = month + months
    outside = np.abs(target) > _MONTHS_MAX
    if (outside if valid is None else outside & valid).any():
        raise EvaluationError("PQ0782", span)
    target = np.where(outside, 0, target)
    start = _first_day(target)
    last = _first_day(target + 1) - start - 1
    day = np.minimum(days - _first_day(month), last)
    moved: Ints = (start + day) * DAY_US + times % DAY_US
    return moved


def months_since_epoch(times: Ints) -> Ints:
    """Months since January 1970."""
    return times.astype("M8[us]").astype("M8[M]").astype(np.int64)


def month_start_us(months: Ints) -> Ints:
    """int64 µs of the first moment of each month."""
    return _first_day(months) * DAY_US


def _first_day(months: Ints) -> Ints:
    """Days since 1970."""
    return months.astype("M8[M]").astype("M8[D]").astype(np.int64)
