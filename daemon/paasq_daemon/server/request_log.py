"""Requests as they are counted: those under way, and those that have ended, by method, outcome and time taken."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, deque
from dataclasses import dataclass, field

from paasq_daemon.wire.cancellation import CancellationToken

OK = "ok"
LATENCY_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_RECENT = 1000


@dataclass(frozen=True, slots=True)
class RunningRequest:
    """One under way: its method, the number of its connection, and when it began (time.monotonic)."""

    method: str
    connection: int
    began_s: float


@dataclass(slots=True)
class Latency:
    """How many requests took as long: a count for each of LATENCY_BOUNDS_S, and one beyond; `sum_s` of all."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BOUNDS_S) + 1))
    sum_s: float = 0.0


class RequestLog:
    """Lives in the event loop, which alone changes it; counts may be read from any thread."""

    def __init__(self) -> None:
        self.running: dict[CancellationToken, RunningRequest] = {}
        self.connections = 0  # that are open
        self.outcomes = Counter[tuple[str, str]]()  # by method, and OK or the code of the error
        self.latencies: dict[str, Latency] = {}
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self.began_s = time.monotonic()

    def ended(self, method: str, outcome: str, took_s: float) -> None:
        """Count one."""
        self.outcomes[method, outcome] += 1
        latency = self.latencies.get(method)
        if latency is None:
            latency = self.latencies[method] = Latency()
        latency.counts[bisect_left(LATENCY_BOUNDS_S, took_s)] += 1
        latency.sum_s += took_s
        self._recent.append(took_s)

    @property
    def errors(self) -> int:
        """How many have ended with one."""
        return sum(count for (_, outcome), count in self.outcomes.items() if outcome != OK)

    def recent_ms(self) -> dict[str, float | None]:
        """Of the last thousand requests: the median and the 99th percentile, in milliseconds; None before the first one."""
        taken = sorted(self._recent)
        at = {"p50": 0.5, "p99": 0.99}
        return {name: round(taken[int(len(taken) * part)] * 1000, 3) if taken else None for name, part in at.items()}
