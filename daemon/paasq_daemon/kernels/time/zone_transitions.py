"""The transitions of a time zone's UTC offset. A local time is int64 µs since 1970 by the zone's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

import numpy as np

from paasq_daemon.index.column import Ints
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.time.months import DAY_US
from paasq_dsl.source_text import Span
from paasq_dsl.time_zones import DEFAULT_ZONE, similar_zones
from paasq_dsl.time_zones import find_zone as known_zone
from paasq_dsl.values import EPOCH, INT_MIN, MICROS_PER_UNIT, to_micros

FIRST_YEAR, LAST_YEAR = 1850, 2200  # outside of these years the offset is that of the nearest
_YEARS_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class ZoneTransitions:
    """`offsets[i]` is how far the zone is ahead of UTC from `starts[i]` on, both int64 µs; `starts` ascend."""

    starts: Ints
    offsets: Ints

    def to_local(self, times: Ints) -> Ints:
        """Local times of times in UTC."""
        shown: Ints = times + self.offsets[self._period(times)]
        return shown

    def earliest_utc(self, local: Ints) -> Ints:
        """The first time in UTC with this local time; where the clock skips it, the transition."""
        ends = self.starts[1:] + self.offsets[:-1]  # where each period ends, by its own clock
        period = np.searchsorted(ends, local, side="right")
        moments: Ints = np.maximum(local - self.offsets[period], self.starts[period])
        return moments

    def to_utc(self, local: Ints) -> Ints:
        """The first time in UTC with this local time; a skipped one is read with the offset before the transition."""
        ends = self.starts[1:] + self.offsets[:-1]
        period = np.searchsorted(ends, local, side="right")
        moments: Ints = local - self.offsets[period]
        return np.where(moments < self.starts[period], local - self.offsets[np.maximum(period - 1, 0)], moments)

    def latest_utc_before(self, local: Ints, times: Ints) -> Ints:
        """The last time in UTC with this local time in the offset period of `times`, or `earliest_utc` where that is
        before it.
        """
        period = self._period(times)
        moments = local - self.offsets[period]
        return np.where(moments >= self.starts[period], moments, self.earliest_utc(local))

    def _period(self, times: Ints) -> Ints:
        return np.searchsorted(self.starts, times, side="right") - 1


def zone_transitions(name: str, low_us: int, high_us: int, span: Span) -> ZoneTransitions:
    """The transitions of a zone that matter for times from `low_us` to `high_us`. Raises EvaluationError PQ0704 for no
    such zone.
    """
    zone = require_zone(name, span)
    first, last = (_year_of(us) for us in (low_us - DAY_US, high_us + DAY_US))
    found = [change for year in range(first, last + 1) for change in _changes(zone, year)]
    starts = [INT_MIN, *(at for at, _ in found)]
    offsets = [_offset(zone, to_micros(datetime(first, 1, 1, tzinfo=UTC))), *(offset for _, offset in found)]
    return ZoneTransitions(np.array(starts, np.int64), np.array(offsets, np.int64))


def day_start_us(now_us: int, days: int, zone: str, span: Span) -> int:
    """The start in UTC of the day that is `days` after the present one in a zone, as µs."""
    if zone == DEFAULT_ZONE:
        return (now_us // DAY_US + days) * DAY_US
    clocks = zone_transitions(zone, now_us, now_us, span)
    local = clocks.to_local(np.array([now_us])) // DAY_US + days
    return int(clocks.earliest_utc(local * DAY_US)[0])


def require_zone(name: str, span: Span) -> tzinfo:
    """The zone of this name. Raises EvaluationError PQ0704, with similar names, where there is none."""
    found = known_zone(name)
    if found is None:
        raise EvaluationError("PQ0704", span, candidates=similar_zones(name), name=name)
    return found


def _year_of(time_us: int) -> int:
    year = 1970 + int(np.datetime64(time_us, "us").astype("M8[Y]").astype(np.int64))
    return min(max(year, FIRST_YEAR), LAST_YEAR)


@lru_cache(_YEARS_REMEMBERED)
def _changes(zone: tzinfo, year: int) -> tuple[tuple[int, int], ...]:
    """(moment, offset from then on) in a year: days are compared, and where they differ the second is searched for."""
    start, end = (to_micros(datetime(y, 1, 1, tzinfo=UTC)) for y in (year, year + 1))
    found: list[tuple[int, int]] = []
    before = _offset(zone, start)
    for day in range(start, end, DAY_US):
        after = _offset(zone, day + DAY_US)
        if after != before:
            found.append((_moment(zone, day, day + DAY_US), after))
        before = after
    return tuple(found)


def _moment(zone: tzinfo, low_us: int, high_us: int) -> int:
    """The first second at which the offset is that of `high_us`."""
    low, high, after = low_us // MICROS_PER_UNIT["s"], high_us // MICROS_PER_UNIT["s"], _offset(zone, high_us)
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle * MICROS_PER_UNIT["s"]) == after:
            high = middle
        else:
            low = middle
    return high * MICROS_PER_UNIT["s"]


def _offset(zone: tzinfo, time_us: int) -> int:
    offset = (EPOCH + timedelta(microseconds=time_us)).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // timedelta(microseconds=1)
