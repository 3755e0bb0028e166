"""Whose turn it is: the client that had the least time of workers lately, however much another one asks for."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import StoreError

T = TypeVar("T", bound=Hashable)

HALF_LIFE_S = 5.0  # after which half of what a client had is forgotten
SHORT_S = 0.05  # a client whose tasks took less, as a rule, may take the last one that is free
_RECENT_SHARE = 0.3  # of a task in the mean of its client's
_CLOCK_SLACK_S = 0.002  # a timer may fire a little early; the deadline must have passed when it does
_CLIENTS_KEPT, _FORGOTTEN_S = 1_000, 0.001


class Usage:
    """How many seconds of workers each client had lately, by exponential decay, and how long one of its tasks takes."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._by_client: dict[Hashable, tuple[float, float, float]] = {}  # seconds, as of a moment, and the mean

    def of(self, client: Hashable) -> float:
        """In seconds."""
        seconds, as_of_s, _ = self._by_client.get(client, (0.0, 0.0, 0.0))
        return seconds * math.exp2((as_of_s - self._now_s()) / HALF_LIFE_S)

    def of_task(self, client: Hashable) -> float:
        """The mean of its tasks in seconds, the last ones first; 0 for one that is new."""
        return self._by_client.get(client, (0.0, 0.0, 0.0))[2]

    def add(self, client: Hashable, seconds: float) -> None:
        """One of its tasks took so long."""
        mean = self.of_task(client)
        mean += _RECENT_SHARE * (seconds - mean)
        self._by_client[client] = self.of(client) + seconds, self._now_s(), mean
        if len(self._by_client) > _CLIENTS_KEPT:
            self._by_client = {each: kept for each, kept in self._by_client.items() if self.of(each) > _FORGOTTEN_S}


class Turns(Generic[T]):
    """Gives what is free to the client that had least. The last one that is free is kept for a client whose tasks are short, and
    that has no other: so a short request does not wait for long ones. What one client asks for is done in order. Lives in one
    event loop."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self.usage = Usage(now_s)
        self._now_s = now_s
        self._free: deque[T] = deque()
        self._waiting: dict[Hashable, deque[asyncio.Future[T]]] = {}  # by client
        self._taken: dict[T, tuple[Hashable, float]] = {}  # by whom, and when
        self._running = Counter[Hashable]()

    @property
    def waiting(self) -> int:
        """How many requests wait for their turn."""
        return sum(map(len, self._waiting.values()))

    async def take(self, client: Hashable, cancellation: CancellationToken) -> T:
        """One that is free, to be given back. Raises Cancelled and BudgetExceeded where the request ends before its turn."""
        cancellation.raise_if_cancelled()
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[T] = loop.create_future()
        self._waiting.setdefault(client, deque()).append(turn)
        self._assign()
        if turn.done():
            return turn.result()
        cancellation.on_cancel(lambda: loop.call_soon_threadsafe(turn.cancel))
        left_s = cancellation.remaining_s
        timer = None if left_s is None else loop.call_later(left_s + _CLOCK_SLACK_S, turn.cancel)
        try:
            return await turn
        except asyncio.CancelledError:
            cancellation.raise_if_cancelled()  # says which of the two it was
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def give(self, free: T) -> None:
        """It may be taken, for the first time or again."""
        self.withdraw(free)
        self._free.append(free)
        self._assign()

    def withdraw(self, given: T) -> bool:
        """Take one out of use; False where it was not free."""
        client, since_s = self._taken.pop(given, (None, 0.0))
        if client is not None:
            self._running[client] -= 1
            self._running += Counter[Hashable]()  # without those at 0
            self.usage.add(client, self._now_s() - since_s)
        if given not in self._free:
            return False
        self._free.remove(given)
        return True

    def close(self) -> None:
        """Whoever waits gets a StoreError."""
        for queue in self._waiting.values():
            for turn in queue:
                if not turn.done():
                    turn.set_exception(StoreError("the daemon is stopping", "start it again"))
        self._waiting.clear()

    def _assign(self) -> None:
        while self._free and (client := self._next()) is not None:
            queue = self._waiting[client]
            turn = queue.popleft()
            if not queue:
                del self._waiting[client]
            if not turn.done():  # cancelled, or late
                free = self._free.pop()  # the last one used: its caches are warm
                self._taken[free] = client, self._now_s()
                self._running[client] += 1
                turn.set_result(free)

    def _next(self) -> Hashable | None:
        """Whose turn it is; None where nobody may have what is free."""
        is_last = len(self._free) == 1 and bool(self._taken)
        may = [client for client in self._waiting if not is_last or self._is_quick(client)]
        return min(may, key=self._had, default=None)

    def _is_quick(self, client: Hashable) -> bool:
        return not self._running[client] and self.usage.of_task(client) <= SHORT_S

    def _had(self, client: Hashable) -> float:
        """Seconds lately, those of what it has now too."""
        now_s = self._now_s()
        return self.usage.of(client) + sum(now_s - since_s for by, since_s in self._taken.values() if by == client)
