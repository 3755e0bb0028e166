"""Frames by time (SQL's RANGE frames): the rows whose time lies in an interval that ends at the time of a row."""

from __future__ import annotations

import numpy as np

from paasq_daemon.index.column import Column, Ints
from paasq_daemon.kernels import checked_integers
from paasq_daemon.kernels.operands import null_mask, numeric_values
from paasq_daemon.kernels.time.months import DAY_US, add_months
from paasq_daemon.kernels.time.zone_transitions import zone_transitions
from paasq_daemon.kernels.window.frames import Frames, upper_bounds
from paasq_dsl.source_text import Span
from paasq_dsl.values import Duration


def trailing_frames(at: Column, groups: Frames, width: Duration, zone: str | None, span: Span) -> Frames | None:
    """For each row the rows of its partition whose time lies in (time - width, time]; an empty frame for a row without
    a time.

    None where times do not ascend within a partition.
    """
    rows = np.flatnonzero(~null_mask(at))
    starts, ends = (np.searchsorted(rows, edge[rows]) for edge in (groups.starts, groups.ends))
    times = numeric_values(at)[rows]
    if ((times[1:] < times[:-1]) & (starts[1:] == starts[:-1])).any():
        return None
    timed = Frames(starts, ends)
    since = upper_bounds(times, _before(times, width, zone, span), timed)
    until = upper_bounds(times, times, timed)
    found = Frames(np.zeros(len(at), np.int64), np.zeros(len(at), np.int64))
    found.starts[rows], found.ends[rows] = rows[since], rows[until - 1] + 1
    return found


def _before(times: Ints, width: Duration, zone: str | None, span: Span) -> Ints:
    """The times, `width` earlier. In a zone months and whole days are those of its clocks, so that a day may have 23 hours."""
    if zone is None or not len(times):
        return _moved(times, width.months, width.micros, span)
    days, rest = divmod(width.micros, DAY_US)
    earliest = _moved(times[:1], width.months, width.micros + DAY_US, span)
    clocks = zone_transitions(zone, int(min(earliest[0], times.min())), int(times.max()), span)
    return _moved(clocks.earliest_utc(_moved(clocks.to_local(times), width.months, days * DAY_US, span)), 0, rest, span)


def _moved(times: Ints, months: int, micros: int, span: Span) -> Ints:
    moved = add_months(times, np.array([-months]), None, span)
    return checked_integers.subtract(moved, np.array([micros]), None, span)
