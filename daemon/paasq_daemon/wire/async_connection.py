"""One connection of an asyncio client: sends requests, and hands each answer to the task that waits for it."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from paasq_daemon.wire.client_connection import ENVELOPE_BYTES, nobody_answers
from paasq_daemon.wire.errors import DaemonUnavailable, PaasqError, ProtocolError
from paasq_daemon.wire.framing import FRAME_BYTES_MAX, REQUESTS_IN_FLIGHT_MAX, FrameDecoder, Framing, frame
from paasq_daemon.wire.json_rpc import dump_bounded, notification, parse, request_message
from paasq_daemon.wire.pending_answers import PendingAnswers, Silence

_READ_BYTES = 2**18


async def _ignore(*_: Any) -> None:
    pass


class AsyncConnection:
    """A connection with line framing, of one event loop. Any number of tasks may call at once; one task of its own reads."""

    def __init__(
        self, path: Path, reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
        on_notification: Callable[[str, Mapping[str, Any]], Awaitable[None]] = _ignore,
        on_end: Callable[[PaasqError], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """While `on_notification` is awaited, with method and parameters, nothing more is read. `on_end` is called once."""
        self._path = path
        self._reader = reader
        self._writer = writer
        self._on_notification = on_notification
        self._on_end = on_end
        self._ids = itertools.count(1)
        self._room = asyncio.Semaphore(REQUESTS_IN_FLIGHT_MAX)
        self._pending: PendingAnswers[asyncio.Future[Any]] = PendingAnswers()
        self._silence = Silence()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, path: Path, timeout_s: float, *handlers: Any) -> Self:
        """Raises DaemonUnavailable where nobody listens at `path`. `handlers` as the constructor has them."""
        try:
            async with asyncio.timeout(timeout_s):
                reader, writer = await asyncio.open_unix_connection(path, limit=_READ_BYTES)
        except (OSError, ValueError) as error:
            raise nobody_answers(path, error) from None
        return cls(path, reader, writer, *handlers)

    @property
    def ended(self) -> bool:
        """Whether nothing can be sent any more: closed by either side, or broken."""
        return self._pending.ended

    @property
    def under_way(self) -> int:
        """Requests that have no answer yet, those that were cancelled included."""
        return len(self._pending)

    async def call(self, method: str, params: Mapping[str, Any]) -> Any:
        """The result of a method, as JSON, however long it takes. A task that is cancelled here cancels the request. Raises what
        the daemon raised, and DaemonUnavailable where the connection ended or the daemon does not respond.
        """
        await self._room.acquire()
        id_, answer = self._send(method, params)
        try:
            with suppress(
                OSError
            ):  # the daemon may have sent the cause before it closed: the reader ends with that error
                await self._writer.drain()
            return await self._wait(answer)
        except asyncio.CancelledError:
            if not self.ended:
                self._write(notification("cancel", {"id": id_}))
            raise

    async def close(self) -> None:
        """Close the socket; calls that wait raise DaemonUnavailable. May be called more than once."""
        self._end(DaemonUnavailable("the connection was closed"))
        self._reading.cancel()
        with suppress(asyncio.CancelledError):
            await self._reading

    def _send(self, method: str, params: Mapping[str, Any]) -> tuple[int, asyncio.Future[Any]]:
        id_ = next(self._ids)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(self._answered)
        try:
            body = dump_bounded(request_message(id_, method, params), FRAME_BYTES_MAX)
            self._pending.add(id_, answer)
        except BaseException:
            answer.cancel()
            raise
        self._write(body)
        return id_, answer

    def _write(self, body: bytes) -> None:
        self._writer.write(frame(body, Framing.LINES))

    def _answered(self, answer: asyncio.Future[Any]) -> None:
        """Its place in the daemon is free, whether anybody waits for it or not."""
        self._room.release()
        if not answer.cancelled():
            answer.exception()  # else asyncio logs those that nobody waits for

    async def _wait(self, answer: asyncio.Future[Any]) -> Any:
        asked_s = time.monotonic()
        while not answer.done():
            await asyncio.wait({answer}, timeout=self._silence.looked_at_s)
            if not answer.done():
                self._check_alive(asked_s)
        return answer.result()

    def _check_alive(self, asked_s: float) -> None:
        try:
            if self._silence.must_ping(asked_s, self._path):
                self._write(notification("ping", {}))
        except DaemonUnavailable as error:
            self._end(error)

    async def _read(self) -> None:
        decoder = FrameDecoder(Framing.LINES, FRAME_BYTES_MAX + ENVELOPE_BYTES)
        try:
            while data := await self._reader.read(_READ_BYTES):
                self._silence.heard()
                for body in decoder.feed(data):
                    await self._take(parse(body))
            self._end(DaemonUnavailable(f"the daemon at {self._path} closed the connection"))
        except PaasqError as error:
            self._end(error)
        except OSError as error:
            self._end(DaemonUnavailable(f"the connection to {self._path} broke: {error}"))
        except Exception as error:  # noqa: BLE001  # no caller may wait for an answer that this task will not deliver
            self._end(ProtocolError(f"the daemon at {self._path} sent what is not an answer: {error!r}"))

    async def _take(self, message: dict[str, Any]) -> None:
        if "method" in message:
            await self._on_notification(message["method"], message["params"])
        else:
            self._pending.take(message)

    def _end(self, why: PaasqError) -> None:
        if self._pending.end(why):
            self._on_end(why)
        self._writer.transport.abort()
