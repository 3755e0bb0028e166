"""The watches of one connection: what they push goes out as notifications."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from paasq_daemon.log import log_failure
from paasq_daemon.server.executor import run_in
from paasq_daemon.server.limits import Limits
from paasq_daemon.watches.continuous_query import ContinuousQuery
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import Cancelled, LimitExceeded, PaasqError
from paasq_daemon.wire.events import WATCH_ENDED, WATCH_EVENTS, EventBatch
from paasq_daemon.wire.json_rpc import error_to_json, notification

_EVENTS_MAX = 1_000  # of one notification
_BYTES_MAX = 2**20


class ConnectionWatches:
    """Lives in the event loop of its connection. A query is run again when its last events were taken and it is due."""

    def __init__(
        self,
        push: Callable[[bytes], Awaitable[None]],
        start: Callable[[Coroutine[Any, Any, None]], None],
        limits: Limits,
    ) -> None:
        """`push` sends a message, and returns when the client is ready for more; `start` runs work beside the others of the
        connection."""
        self._push = push
        self._start = start
        self._limits = limits
        self._numbers = itertools.count(1)
        self._open: dict[int, tuple[ContinuousQuery, asyncio.Event]] = {}  # with what says that it is due

    @property
    def count(self) -> int:
        """How many watches the connection has."""
        return len(self._open)

    def check_limit(self) -> None:
        """Raises LimitExceeded."""
        if self.count >= self._limits.watches_max:
            raise LimitExceeded(f"a connection may have {self._limits.watches_max} watches", "end one by `unwatch`")

    def begin(self, query: ContinuousQuery, pool: ThreadPoolExecutor) -> int:
        """The number of the new watch. Raises LimitExceeded where others came first."""
        try:
            self.check_limit()
        except LimitExceeded:
            query.close()
            raise
        number = next(self._numbers)
        due, loop = asyncio.Event(), asyncio.get_running_loop()
        self._open[number] = query, due
        query.on_due = lambda: _wake(loop, due)
        self._start(self._run(number, query, due, pool))
        return number

    def end(self, number: int) -> bool:
        """End the watch of this number; False where there is none."""
        if number not in self._open:
            return False
        query, due = self._open.pop(number)
        query.close()
        due.set()  # what waits for it ends
        return True

    def close(self) -> None:
        for number in list(self._open):
            self.end(number)

    async def _run(self, number: int, query: ContinuousQuery, due: asyncio.Event, pool: ThreadPoolExecutor) -> None:
        try:
            while number in self._open:
                for body in await run_in(
                    pool, lambda: _bodies(number, query.next_events(), self._limits), CancellationToken()
                ):
                    if number in self._open:
                        await self._push(body)
                await due.wait()
                await asyncio.sleep(query.cooldown_s)
                due.clear()
        except (OSError, Cancelled, asyncio.CancelledError):  # the client has gone, or wants no more
            pass
        except Exception as error:  # noqa: BLE001  # whatever a watch does, the connection lives, and its client is told
            await self._fail(number, error)
        finally:
            self.end(number)

    async def _fail(self, number: int, error: Exception) -> None:
        if not isinstance(error, PaasqError):
            log_failure("watch_failed", error)
            error = PaasqError(f"the daemon failed: {type(error).__name__}", "its log says where")
        with contextlib.suppress(OSError):
            await self._push(notification(WATCH_ENDED, {"watch": number, "error": error_to_json(error)}))


def _wake(loop: asyncio.AbstractEventLoop, due: asyncio.Event) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(due.set)


def _bodies(number: int, batch: EventBatch | None, limits: Limits) -> list[bytes]:
    """The batch as messages of a size that others need not wait for long."""
    if batch is None:
        return []
    return [body for part in batch.parts(_EVENTS_MAX) for body in _halved(number, part, limits.frame_bytes_max)]


def _halved(number: int, batch: EventBatch, bytes_max: int) -> list[bytes]:
    """Raises LimitExceeded where one row alone is too long for a message."""
    body = notification(WATCH_EVENTS, {"watch": number, **batch.to_json()})
    if len(body) <= min(_BYTES_MAX, bytes_max):
        return [body]
    if len(batch) > 1:
        return [b for half in batch.parts((len(batch) + 1) // 2) for b in _halved(number, half, bytes_max)]
    if len(body) > bytes_max:
        raise LimitExceeded(
            f"a row of this watch has {len(body):,} bytes, and a message {bytes_max:,} at most", "select less"
        )
    return [body]
