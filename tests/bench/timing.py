"""Timing one operation: medians, since other work on the machine only ever adds."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

REPEATS_MIN, REPEATS_MAX = 5, 400


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one call: the median, and what 95 of 100 calls stay below."""

    p50_ms: float
    p95_ms: float


def measure(operation: Callable[[int], object], seconds: float, repeats_max: int = REPEATS_MAX) -> Timing:
    """Call `operation` with 0, 1, 2, ... for about `seconds`, after a few calls that warm it up."""
    numbers = count()
    for _ in range(3):
        operation(next(numbers))
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while len(taken) < REPEATS_MIN or (time.perf_counter() < end and len(taken) < repeats_max):
        number, started = next(numbers), time.perf_counter()
        operation(number)
        taken.append((time.perf_counter() - started) * 1000)
    return percentiles(taken)


def percentiles(taken: list[float]) -> Timing:
    taken = sorted(taken)
    return Timing(taken[len(taken) // 2], taken[int(len(taken) * 0.95)])


def milliseconds(value: float) -> str:
    """Three digits, however small."""
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"
