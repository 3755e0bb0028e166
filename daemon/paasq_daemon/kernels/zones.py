"""Times of many rows in a time zone. Local times are int64 microseconds too: those of a clock that shows UTC's digits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from paasq_daemon.index.column import Column, Ints
from paasq_daemon.kernels.build import encode, to_values
from paasq_daemon.kernels.calendar_months import DAY_US
from paasq_daemon.kernels.errors import KernelError
from paasq_dsl.source import Span
from paasq_dsl.values import EPOCH

_FIRST_DAY, _LAST_DAY = -719_160, 2_932_894  # two days inside the years 1 to 9999, which datetime ends at
_OFFSETS_KEPT = 100_000


def zone_of(name: str, span: Span) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        hint = 'zones are named as in "Europe/Berlin", "America/New_York" or "UTC"'
        raise KernelError("PQ0703", f"there is no time zone {name!r}", span, hint) from None


def offsets_us(times: Ints, zone: Column, span: Span) -> Ints:
    """How much the clocks of the zone are ahead of UTC at each time; 0 where the zone is null."""
    return _by_zone(times, zone, span, _offsets)


def to_utc(local: Ints, zone: Column, span: Span) -> Ints:
    """The moments at which the zone's clocks show these times: the first of two, or where they jump over it, the jump."""
    return local - _by_zone(local, zone, span, _local_offsets)


def _by_zone(times: Ints, zone: Column, span: Span, offsets: Callable[[Ints, ZoneInfo], Ints]) -> Ints:
    if len(zone) == 1:
        name = to_values(zone)[0]
        return offsets(times, zone_of(name, span)) if isinstance(name, str) else np.zeros(len(times), np.int64)
    zones = encode(zone)
    times = np.broadcast_to(times, len(zones))
    found = np.zeros(len(times), np.int64)
    for code in np.unique(zones.codes[zones.codes >= 0]):
        rows = np.flatnonzero(zones.codes == code)
        found[rows] = offsets(times[rows], zone_of(str(zones.dictionary[code]), span))
    return found


def _offsets(times: Ints, zone: ZoneInfo) -> Ints:
    """Day by day, and time by time where clocks changed within the day."""
    days, row_days = np.unique(np.clip(times // DAY_US, _FIRST_DAY, _LAST_DAY), return_inverse=True)
    starts = np.array([_offset(day * DAY_US, zone) for day in days.tolist()], np.int64)
    ends = np.array([_offset((day + 1) * DAY_US, zone) for day in days.tolist()], np.int64)
    found: Ints = starts[row_days]
    for row in np.flatnonzero((starts != ends)[row_days]):
        found[row] = _offset(int(times[row]), zone)
    return found


def _local_offsets(local: Ints, zone: ZoneInfo) -> Ints:
    distinct, rows = np.unique(local, return_inverse=True)
    inside = np.clip(distinct, _FIRST_DAY * DAY_US, _LAST_DAY * DAY_US)
    found: Ints = np.array([_local_offset(t, zone) for t in inside.tolist()], np.int64)[rows]
    return found


@lru_cache(_OFFSETS_KEPT)
def _offset(time_us: int, zone: ZoneInfo) -> int:
    offset = (EPOCH + timedelta(microseconds=time_us)).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)


def _local_offset(local_us: int, zone: ZoneInfo) -> int:
    offset = (EPOCH + timedelta(microseconds=local_us)).replace(tzinfo=zone).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)
