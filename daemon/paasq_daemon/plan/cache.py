"""A least-recently-used cache of compiled queries."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")
PLANS_MAX = 1_000


class PlanCache(Generic[T]):
    """Thread-safe. Keys contain the catalog's version, so that a plan never outlives its schema."""

    def __init__(self, size: int = PLANS_MAX) -> None:
        self._size = size
        self._plans: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = Lock()
        self.hits = 0
        self.misses = 0

    def get(self, key: Hashable) -> T | None:
        """The plan of a key, now the most recently used; None where there is none. Counts a hit or a miss."""
        with self._lock:
            found = self._plans.get(key)
            if found is None:
                self.misses += 1
                return None
            self.hits += 1
            self._plans.move_to_end(key)
            return found

    def put(self, key: Hashable, plan: T) -> None:
        """Store a plan as the most recently used; the least recently used ones beyond the size are dropped."""
        with self._lock:
            self._plans[key] = plan
            self._plans.move_to_end(key)
            while len(self._plans) > self._size:
                self._plans.popitem(last=False)

    def clear(self) -> None:
        """Drop all."""
        with self._lock:
            self._plans.clear()

    def __contains__(self, key: Hashable) -> bool:
        """Without counting as a use."""
        return key in self._plans

    def __len__(self) -> int:
        return len(self._plans)
