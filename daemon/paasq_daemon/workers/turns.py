"""Whose turn it is: each client in turn, however much one of them asks for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import StoreError

T = TypeVar("T")

_CLOCK_SLACK_S = 0.002  # a timer may fire a little early; the deadline must have passed when it does


class Turns(Generic[T]):
    """Gives what is free to the client whose turn is next; what one client asks for is done in order. Lives in one event loop."""

    def __init__(self) -> None:
        self._free: deque[T] = deque()
        self._waiting: dict[Hashable, deque[asyncio.Future[T]]] = {}  # by client, in the order of their turns

    async def take(self, client: Hashable, cancellation: CancellationToken) -> T:
        """One that is free, to be given back. Raises Cancelled and BudgetExceeded where the request ends before its turn."""
        cancellation.raise_if_cancelled()
        if self._free:
            return self._free.pop()  # the last one used: its caches are warm
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[T] = loop.create_future()
        self._waiting.setdefault(client, deque()).append(turn)
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

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return sum(not turn.done() for queue in self._waiting.values() for turn in queue)

    def give(self, free: T) -> None:
        """Give it to the client whose turn it is."""
        while self._waiting:
            client = next(iter(self._waiting))
            queue = self._waiting.pop(client)
            turn = queue.popleft()
            if queue:
                self._waiting[client] = queue  # after all others
            if not turn.done():
                turn.set_result(free)
                return
        self._free.append(free)

    def withdraw(self, taken: T) -> bool:
        """Take one that is free out of use; False where it is not free."""
        try:
            self._free.remove(taken)
        except ValueError:
            return False
        return True

    def close(self) -> None:
        """Whoever waits gets a StoreError."""
        for queue in self._waiting.values():
            for turn in queue:
                if not turn.done():
                    turn.set_exception(StoreError("the daemon is stopping", "start it again"))
        self._waiting.clear()
