"""The time by which things are deleted: that of the system's clock, but for one that has just jumped ahead."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

AHEAD_MAX_US = 86_400_000_000  # of the clock, a day: by more it may be wrong
STEADY_S = 3_600.0  # for how long such a clock must run on, until it is believed
_SAME_JUMP_US = 60_000_000


def elapsed_s() -> float:
    """Seconds since some moment, whatever the clock is set to; those of a sleeping machine too where the system counts them."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


@dataclass(frozen=True, slots=True)
class _Jump:
    """Ahead of the time that passed by `offset_us`, since it was seen first at `since_s`."""

    offset_us: int
    since_s: float


class TrustedClock:
    """Gives the time in microseconds since 1970, UTC. Thread-safe.

    It knows one moment that was right, such as the time of the store's last commit, and counts from there. A clock that is ahead
    of this by more than a day may have jumped, or nothing may have been written for long: it is believed after an hour in
    which it ran on steadily. Until then the time is the counted one, which is never later.
    """

    def __init__(self, known_us: int | None, wall_us: Callable[[], int], elapsed: Callable[[], float]) -> None:
        """`known_us` None: what the clock shows now is right. `elapsed` gives seconds, as `elapsed_s`."""
        self._wall_us = wall_us
        self._elapsed = elapsed
        self._lock = Lock()
        self._known_us = wall_us() if known_us is None else known_us
        self._known_s = elapsed()
        self._jump: _Jump | None = None

    def now_us(self) -> int:
        """What to go by."""
        with self._lock:
            wall, passed = self._wall_us(), self._elapsed()
            counted = self._known_us + int((passed - self._known_s) * 1e6)
            if wall > counted + AHEAD_MAX_US and not self._is_steady(wall, passed):
                return counted
            self._known_us, self._known_s, self._jump = wall, passed, None
            return wall

    def ahead_us(self) -> int:
        """By how much the clock is ahead of what is believed; 0 where it is believed."""
        ahead = self._wall_us() - self.now_us()
        return ahead if self._jump is not None else 0

    def trust(self) -> None:
        """Somebody says that the clock is right."""
        with self._lock:
            self._known_us, self._known_s, self._jump = self._wall_us(), self._elapsed(), None

    def _is_steady(self, wall: int, passed: float) -> bool:
        offset = wall - int(passed * 1e6)
        if self._jump is None or abs(self._jump.offset_us - offset) > _SAME_JUMP_US:
            self._jump = _Jump(offset, passed)
        return passed - self._jump.since_s >= STEADY_S
