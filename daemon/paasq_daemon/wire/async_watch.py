"""A watch that a daemon serves on a socket, for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, Self

from paasq_daemon.wire.async_connection import AsyncConnection
from paasq_daemon.wire.errors import PaasqError
from paasq_daemon.wire.events import BATCHES_WAITING_MAX, WATCH_ENDED, WATCH_EVENTS, EventBatch, connection_ended
from paasq_daemon.wire.json_rpc import error_from_json


class AsyncWatch(AsyncIterator[EventBatch]):
    """As Watch, for `async for`. It begins with its first batch, or with `async with`. Has a connection of its own, so that a
    slow consumer delays no other answers."""

    def __init__(self, socket: Path, connect_timeout_s: float, params: Mapping[str, Any]) -> None:
        """`params` are those of the method `watch`."""
        self._socket = socket
        self._connect_timeout_s = connect_timeout_s
        self._params = params
        self._connection: AsyncConnection | None = None
        self._waiting: asyncio.Queue[EventBatch | PaasqError | None] = asyncio.Queue()  # None: closed
        self._room = asyncio.Semaphore(BATCHES_WAITING_MAX)
        self._closed = False

    async def __anext__(self) -> EventBatch:
        if not self._closed:
            await self._begin()
        found = None if self._closed else await self._waiting.get()
        if isinstance(found, EventBatch) and not self._closed:
            self._room.release()
            return found
        self._waiting.put_nowait(found)  # it stays ended
        if isinstance(found, PaasqError) and not self._closed:
            raise found
        raise StopAsyncIteration

    async def close(self) -> None:
        """End the watch: the iteration stops, in whichever task it runs. May be called more than once."""
        self._closed = True
        self._waiting.put_nowait(None)
        if self._connection is not None:
            await self._connection.close()

    async def __aenter__(self) -> Self:
        await self._begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _begin(self) -> None:
        """Raises what the daemon raises, and DaemonUnavailable."""
        if self._connection is not None:
            return
        connection = await AsyncConnection.open(self._socket, self._connect_timeout_s, self._receive, self._ended)
        self._connection = connection
        try:
            await connection.call("watch", self._params)
        except BaseException:
            await self.close()
            raise

    async def _receive(self, method: str, params: Mapping[str, Any]) -> None:
        """In the connection's task, which waits here while the consumer is behind."""
        if method == WATCH_ENDED:
            self._ended(error_from_json(params["error"]))
        elif method == WATCH_EVENTS:
            batch = EventBatch.from_json(params)
            await self._room.acquire()
            self._waiting.put_nowait(batch)

    def _ended(self, why: PaasqError) -> None:
        self._waiting.put_nowait(connection_ended(why))
