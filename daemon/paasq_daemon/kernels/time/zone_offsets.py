"""Conversion between UTC and the local time of zones, for zones that may vary by row. A local time is int64 µs since
1970 by the zone's clock. A zone that does not exist raises EvaluationError PQ0704.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from paasq_daemon.index.column import Column, Ints
from paasq_daemon.kernels.columns import column_to_values, dictionary_encode
from paasq_daemon.kernels.time.zone_transitions import ZoneTransitions, zone_transitions
from paasq_dsl.source_text import Span


def offsets_us(times: Ints, zone: Column, span: Span) -> Ints:
    """int64 µs that the zone is ahead of UTC at each time; 0 where the zone is null."""
    return _by_zone(times, zone, span, lambda some, clocks: clocks.to_local(some) - some)


def to_utc(local: Ints, zone: Column, span: Span) -> Ints:
    """The times in UTC of local times: the first of two where an hour repeats; where the clock skips it, the transition."""
    return local + _by_zone(local, zone, span, lambda some, clocks: clocks.earliest_utc(some) - some)


def to_utc_lenient(local: Ints, zone: Column, span: Span) -> Ints:
    """As `to_utc`, but a skipped local time is read with the offset before the transition."""
    return local + _by_zone(local, zone, span, lambda some, clocks: clocks.to_utc(some) - some)


def _by_zone(times: Ints, zone: Column, span: Span, shift: Callable[[Ints, ZoneTransitions], Ints]) -> Ints:
    if len(zone) == 1:
        name = column_to_values(zone)[0]
        return shift(times, _clocks(name, times, span)) if isinstance(name, str) else np.zeros(len(times), np.int64)
    zones = dictionary_encode(zone)
    times = np.broadcast_to(times, len(zones))
    found = np.zeros(len(times), np.int64)
    for code in np.unique(zones.codes[zones.codes >= 0]):
        rows = np.flatnonzero(zones.codes == code)
        found[rows] = shift(times[rows], _clocks(str(zones.dictionary[code]), times[rows], span))
    return found


def _clocks(name: str, times: Ints, span: Span) -> ZoneTransitions:
    low, high = (int(times.min()), int(times.max())) if len(times) else (0, 0)
    return zone_transitions(name, low, high, span)
