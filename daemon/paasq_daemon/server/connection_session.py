"""One connection: frames in, requests side by side, answers out in the order they are ready."""

from __future__ import annotations

import asyncio
import itertools
import select
import time
from collections.abc import Coroutine, Hashable
from typing import Any, NamedTuple

from paasq_daemon.log import log_failure
from paasq_daemon.server.auth import peer_credentials
from paasq_daemon.server.connection_watches import ConnectionWatches
from paasq_daemon.server.limits import Limits
from paasq_daemon.server.methods import METHODS
from paasq_daemon.server.methods.call import RpcCall, ServerContext
from paasq_daemon.server.methods.registry import Lane, Method
from paasq_daemon.server.request_log import OK, RunningRequest
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import LimitExceeded, PaasqError, ReadOnly
from paasq_daemon.wire.framing import FrameDecoder, Framing, frame
from paasq_daemon.wire.json_rpc import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    Id,
    RpcError,
    error_message,
    parse,
    result_message,
)
from paasq_daemon.wire.param_readers import read_params
from paasq_daemon.wire.request import Budget
from paasq_dsl.values import INT_MAX, INT_MIN

_READ_BYTES = 2**18
_PARSED_INLINE_BYTES_MAX = 2**17  # about a millisecond; more would hold up the other connections
_HUNG_UP_POLL_S = 0.25
_ID_CHARS_MAX = 128
RESERVED_METHODS = frozenset({"ping", "health", "status", "activity", "metrics", "methods", "cancel"})
_NUMBERS = itertools.count(1)
_MEMBERS = frozenset({"jsonrpc", "id", "method", "params"})


class _Request(NamedTuple):
    id: Id
    answered: bool  # a message without an id is a notification: it gets no answer
    method: Method
    params: Any


class Session:
    """One connection: reads frames, runs each request as a task, and writes answers in the order in which they are ready."""

    def __init__(
        self,
        server_context: ServerContext,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        limits: Limits,
        *,
        is_reserved: bool = False,
    ) -> None:
        """`is_reserved` while the connection is one beyond the limit: it may only ask how the daemon is."""
        self.is_reserved = is_reserved
        self._number = next(_NUMBERS)
        self._server_context = server_context
        self._reader = reader
        self._writer = writer
        self._limits = limits
        self._decoder = FrameDecoder(frame_bytes_max=limits.frame_bytes_max)
        self._sending = asyncio.Lock()
        peer = peer_credentials(writer.get_extra_info("socket"))
        self._client: Hashable = self if peer is None else peer.pid  # whose connections have their turns together
        self._in_flight: dict[Hashable, CancellationToken] = {}  # by id; a notification by an object of its own
        self._tasks: set[asyncio.Task[None]] = set()
        self._reading: asyncio.Task[None] | None = None
        self._watching = ConnectionWatches(self._push, self._start, limits)

    async def run(self) -> None:
        """Until the client hangs up, breaks the framing or idles too long, or `stop_reading` is called."""
        self._reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait([self._reading])
            if not self._reading.cancelled() and (error := self._reading.exception()) is not None:
                await self._give_up(error)
            if self._reading.cancelled():
                self._watching.close()  # the daemon is stopping, and a watch would never end
            while self._tasks and not self._hung_up():
                await asyncio.wait(self._tasks, timeout=_HUNG_UP_POLL_S)
        finally:
            self.cancel_all()
            self._watching.close()
            self._writer.close()
            if self._tasks:  # a thread may still be at work for a client that has gone
                await asyncio.wait(self._tasks)

    def stop_reading(self) -> None:
        """Requests in flight go on, and `run` ends when they have."""
        if self._reading is not None:
            self._reading.cancel()

    def cancel_all(self) -> None:
        """Cancel every request under way; each is still answered, with Cancelled."""
        for cancellation in list(self._in_flight.values()):
            cancellation.cancel()

    @property
    def is_closing(self) -> bool:
        """Whether it reads no more."""
        return self._reading is not None and self._reading.cancelling() > 0

    @property
    def busy(self) -> bool:
        """Is a request under way?"""
        return bool(self._in_flight)

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        frame_began_s = loop.time()
        while True:
            idle_s = self._limits.reserved_idle_timeout_s if self.is_reserved else self._limits.idle_timeout_s
            left_s = frame_began_s + self._limits.frame_timeout_s - loop.time() if self._decoder.begun else idle_s
            try:
                async with asyncio.timeout(left_s):
                    data = await self._reader.read(_READ_BYTES)
            except TimeoutError:
                if self._decoder.begun:
                    raise LimitExceeded(f"a frame took longer than {self._limits.frame_timeout_s:g} s") from None
                if self._in_flight or self._watching.count:
                    continue
                return
            if not self._decoder.begun:
                frame_began_s = loop.time()
            for body in self._decoder.feed(data) if data else self._decoder.end():
                await self._accept(body)
                frame_began_s = loop.time()
            if not data:
                return

    async def _accept(self, body: bytes) -> None:
        """Answer what is no request at once, which slows a client down that sends only such; start what is one."""
        try:
            message = parse(body) if len(body) <= _PARSED_INLINE_BYTES_MAX else await asyncio.to_thread(parse, body)
        except RpcError as error:
            return await self._send(error_message(None, error))
        if isinstance(message, list) and message:
            self._start(self._answer_batch(message))
        elif isinstance(message, dict) and message.get("method") != "cancel":
            self._start(self._answer_one(message))
        else:
            for _ in range(2):  # turns, in which the requests before it begin, and the members of a batch
                await asyncio.sleep(0)
            await self._answer_one(message)
        return None

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Nobody waits in vain: where a request could not even be answered with an error, the connection ends."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log_failure("session_failed", error)
        if task.cancelled() or error is not None:
            self._writer.transport.abort()

    async def _answer_one(self, message: Any) -> None:
        if (answer := await self._answer(message)) is not None:
            await self._send(answer)

    async def _answer_batch(self, messages: list[Any]) -> None:
        if len(messages) > self._limits.in_flight_max:
            error = LimitExceeded(f"a batch may have {self._limits.in_flight_max} requests at most")
            return await self._send(error_message(None, error))
        answers = [a for a in await asyncio.gather(*map(self._answer, messages)) if a is not None]
        if sum(map(len, answers)) > self._limits.frame_bytes_max:
            answers = [error_message(None, LimitExceeded("the answers of this batch are too long for one message"))]
        if answers:
            await self._send(b"[" + b",".join(answers) + b"]")
        return None

    async def _answer(self, message: Any) -> bytes | None:
        """The response to one message; None to a notification."""
        try:
            request = _request_of(message)
        except RpcError as error:
            return error_message(_id_of(message), error)
        began_s, outcome = time.monotonic(), OK
        try:
            response = result_message(request.id, await self._run(request))
        except PaasqError as error:
            outcome = error.code
            response = error_message(request.id, error)
        except Exception as error:  # noqa: BLE001  # whatever a request does, the daemon lives
            outcome = "failed"
            log_failure("request_failed", error, method=request.method.name)
            words = RpcError(INTERNAL_ERROR, f"the daemon failed: {type(error).__name__}", "its log says where")
            response = error_message(request.id, words)
        self._server_context.requests.ended(request.method.name, outcome, time.monotonic() - began_s)
        return response if request.answered else None

    async def _run(self, request: _Request) -> bytes:
        method, granted = request.method, self._server_context.granted
        if not granted.includes(method.right):
            raise ReadOnly(f"{method.name} writes, and this daemon only reads", "start it without --read-only")
        if self.is_reserved and method.name not in RESERVED_METHODS:
            raise too_many_connections(self._limits)
        params = read_params(method.params, request.params)
        name: Hashable = request.id if request.answered else object()
        if name in self._in_flight:
            raise RpcError(INVALID_REQUEST, f"a request with the id {request.id!r} is in flight already")
        if len(self._in_flight) >= self._limits.in_flight_max and method.name != "cancel":
            raise LimitExceeded(
                f"{self._limits.in_flight_max} requests of this connection are in flight", "wait for one of them"
            )
        asked = params.get("budget") or Budget()
        time_ms = self._limits.time_ms(asked) if method.lane is Lane.QUERY else asked.time_ms
        cancellation = self._in_flight[name] = CancellationToken(time_ms)
        running = self._server_context.requests.running
        running[cancellation] = RunningRequest(method.name, self._number, time.monotonic())
        try:
            may_write = method.right is not Right.READ and granted.includes(Right.WRITE)
            return await method.run(
                RpcCall(
                    self._server_context, params, may_write, cancellation, self._cancel, self._watching, self._client
                )
            )
        finally:
            del self._in_flight[name], running[cancellation]

    def _cancel(self, id_: str | int) -> bool:
        cancellation = self._in_flight.get(id_)
        if cancellation is None:
            return False
        cancellation.cancel()
        return True

    async def _send(self, body: bytes) -> None:
        """A client that does not take its answers is hung up on."""
        async with self._sending:
            if self._writer.is_closing():
                return
            try:
                self._writer.write(frame(body, self._decoder.framing or Framing.LINES))
                async with asyncio.timeout(self._limits.write_timeout_s):
                    await self._writer.drain()
            except (TimeoutError, OSError):
                self._writer.transport.abort()

    async def _push(self, body: bytes) -> None:
        """Returns when the client has taken most of what was sent; one that is slow is waited for, however long it takes.
        Raises OSError where it has gone."""
        async with self._sending:
            if self._writer.is_closing():
                raise ConnectionResetError
            self._writer.write(frame(body, self._decoder.framing or Framing.LINES))
        await self._writer.drain()

    async def _give_up(self, error: BaseException) -> None:
        """The framing is lost: say why, then close."""
        if isinstance(error, PaasqError):
            await self._send(error_message(None, error))
        elif not isinstance(error, OSError):
            log_failure("session_failed", error)

    def _hung_up(self) -> bool:
        """Whether the client has gone, not only stopped sending (`printf ... | nc -U`): it then waits for nothing."""
        if self._writer.is_closing():
            return True
        if self._reading is not None and self._reading.cancelled():
            return False  # the daemon is stopping
        connection = self._writer.get_extra_info("socket")
        poll = select.poll()
        poll.register(connection.fileno(), 0)  # POLLHUP is always reported: both directions are shut
        return any(events & select.POLLHUP for _, events in poll.poll(0))


def too_many_connections(limits: Limits) -> LimitExceeded:
    """Of one that is beyond the limit."""
    return LimitExceeded(f"{limits.connections_max} connections are open already", "close one, or share one")


def _request_of(message: Any) -> _Request:
    """Raise RpcError where `message` is no request."""
    if not isinstance(message, dict):
        raise RpcError(INVALID_REQUEST, "a request is an object with jsonrpc, id, method and params")
    if message.get("jsonrpc") != "2.0":
        raise RpcError(INVALID_REQUEST, 'a request says "jsonrpc": "2.0"')
    if unknown := message.keys() - _MEMBERS:
        raise RpcError(INVALID_REQUEST, f"a request has no {min(unknown)!r:.80}")
    if "id" in message and _id_of(message) is None and message["id"] is not None:
        raise RpcError(INVALID_REQUEST, f"an id is a whole number, or text of {_ID_CHARS_MAX} characters at most")
    name = message.get("method")
    if not isinstance(name, str):
        raise RpcError(INVALID_REQUEST, "a request names its method, as text")
    if name not in METHODS:
        raise RpcError(METHOD_NOT_FOUND, f"there is no method {name!r:.80}", f"there are {', '.join(METHODS)}")
    return _Request(_id_of(message), "id" in message, METHODS[name], message.get("params", {}))


def _id_of(message: Any) -> Id:
    """The id of a message that may be broken; None where it has none that can be answered to."""
    id_ = message.get("id") if isinstance(message, dict) else None
    if isinstance(id_, str):
        return id_ if len(id_) <= _ID_CHARS_MAX else None
    whole = isinstance(id_, int) and not isinstance(id_, bool) and INT_MIN <= id_ <= INT_MAX
    return id_ if whole else None
