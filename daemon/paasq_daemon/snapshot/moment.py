"""A moment of a store, as people name it: a sequence number, or a time."""

from __future__ import annotations

import re
from dataclasses import dataclass

from paasq_daemon.wire.errors import SnapshotError
from paasq_dsl.time_zones import DEFAULT_ZONE, find_zone
from paasq_dsl.values import format_time, parse_time

_SEQ = re.compile(r"\d{1,19}")

LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Moment:
    """One of the two is None; both for the latest one that is held. `time_us`, microseconds since 1970 in UTC, means the last
    transaction at or before it."""

    seq: int | None = None
    time_us: int | None = None

    def __str__(self) -> str:
        if self.is_latest:
            return LATEST
        return format_time(self.time_us) if self.time_us is not None else f"sequence number {self.seq}"

    @property
    def is_latest(self) -> bool:
        """Whether it is the latest one that is held."""
        return self.seq is None and self.time_us is None


def parse_moment(text: str, zone: str = DEFAULT_ZONE) -> Moment:
    """`1234`, `latest`, or an ISO 8601 date or time; without an offset it is one of `zone`. Raises SnapshotError."""
    if text == LATEST:
        return Moment()
    if _SEQ.fullmatch(text):
        return Moment(seq=int(text))
    found = find_zone(zone)
    if found is None:
        raise SnapshotError(f"{zone[:60]!r} is not a time zone", "write for instance Europe/Berlin")
    try:
        return Moment(time_us=parse_time(text, found))
    except ValueError:
        raise SnapshotError(
            f"{text[:60]!r} is neither a sequence number nor a time",
            "write for instance 1234, 2026-11-20T14:00 or latest",
        ) from None
