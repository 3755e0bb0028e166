"""Which of a client's connections a request goes over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

POOL_SIZE = 4  # connections: each carries many requests, and a long answer holds up only those beside it


class Pooled(Protocol):
    """A connection, of threads or of asyncio."""

    @property
    def ended(self) -> bool:
        """Whether nothing can be sent any more."""
        ...

    @property
    def under_way(self) -> int:
        """Requests that have no answer yet."""
        ...


ConnectionT = TypeVar("ConnectionT", bound=Pooled)


def least_busy(connections: Sequence[ConnectionT], size: int) -> ConnectionT | None:
    """The one with the fewest requests under way; None where another is to be opened, since all are at work and there are fewer
    than `size`. Those that ended do not count."""
    alive = [each for each in connections if not each.ended]
    best = min(alive, key=lambda each: each.under_way, default=None)
    return None if best is None or (best.under_way and len(alive) < size) else best
