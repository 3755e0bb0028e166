"""One connection of a client: sends requests, and hands each answer to the caller that waits for it."""

from __future__ import annotations

import itertools
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from pathlib import Path
from typing import Any

from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import DaemonUnavailable, PaasqError, ProtocolError
from paasq_daemon.wire.framing import FRAME_BYTES_MAX, REQUESTS_IN_FLIGHT_MAX, FrameDecoder, Framing, frame
from paasq_daemon.wire.json_rpc import dump_bounded, parse, request_message
from paasq_daemon.wire.pending_answers import STUCK, PendingAnswers, Silence

_READ_BYTES = 2**18
_CANCEL_POLL_S = 0.02
_CONNECT_RETRY_S = 0.01
_SEND_S_MAX = 60.0  # for which the daemon takes no byte
_TIMEVAL = struct.Struct("@ll")  # seconds and microseconds, as SO_SNDTIMEO takes them
ENVELOPE_BYTES = 4096  # the limit is on a result; the id and the rest are added to it


def _ignore(*_: Any) -> None:
    pass


class Connection:
    """A connection with line framing. Any number of threads may call at once; one thread of its own reads."""

    def __init__(
        self, path: Path, connect_timeout_s: float, on_notification: Callable[[str, Mapping[str, Any]], None] = _ignore,
        on_end: Callable[[PaasqError], None] = _ignore,
    ) -> None:  # fmt: skip
        """Raises DaemonUnavailable where nobody listens at `path`. `on_notification` is called, with method and parameters,
        in the thread that reads: while it blocks, nothing more is read. `on_end` is called once, when the connection ended."""
        self._on_notification = on_notification
        self._on_end = on_end
        self._path = path
        self._socket = _connected(path, connect_timeout_s)
        self._ids = itertools.count(1)
        self._sending = threading.Lock()
        self._room = threading.BoundedSemaphore(REQUESTS_IN_FLIGHT_MAX)
        self._pending: PendingAnswers[Future[Any]] = PendingAnswers()
        self._silence = Silence()
        threading.Thread(target=self._read, name="paasq-client", daemon=True).start()

    @property
    def ended(self) -> bool:
        """Whether nothing can be sent any more: closed by either side, or broken."""
        return self._pending.ended

    @property
    def under_way(self) -> int:
        """Requests that have no answer yet."""
        return len(self._pending)

    def call(self, method: str, params: Mapping[str, Any], cancel: CancellationToken | None = None) -> Any:
        """The result of a method, as JSON, however long it takes. Raises what the daemon raised, and DaemonUnavailable
        where the connection ended or the daemon does not respond.
        """
        with self._room:
            id_, answer = self._send(method, params)
            try:
                return self._wait(id_, answer, cancel)
            except KeyboardInterrupt:  # nobody waits for the result any more
                self._cancel(id_)
                raise

    def require_answer(self, within_s: float) -> None:
        """Raises DaemonUnavailable where a ping is not answered in that time."""
        _, answer = self._send("ping", {})
        try:
            answer.result(within_s)
        except FutureTimeoutError:
            raise DaemonUnavailable(
                f"the daemon at {self._path} has not answered for {within_s:g} s",
                "it may be starting: `paasq serve --wait-ready` waits for it; else look at its log, or end its process",
            ) from None

    def close(self) -> None:
        """Close the socket; calls that wait raise DaemonUnavailable. May be called more than once, in any thread."""
        self._end(DaemonUnavailable("the connection was closed"))

    def _send(self, method: str, params: Mapping[str, Any]) -> tuple[int, Future[Any]]:
        id_ = next(self._ids)
        body = dump_bounded(request_message(id_, method, params), FRAME_BYTES_MAX)
        answer: Future[Any] = Future()
        self._pending.add(id_, answer)
        self._write(body)
        return id_, answer

    def _write(self, body: bytes) -> None:
        try:
            with self._sending:
                self._socket.sendall(frame(body, Framing.LINES))
        except BlockingIOError:
            self._end(DaemonUnavailable(f"the daemon at {self._path} takes no requests any more", STUCK, silent=True))
        except OSError:
            pass  # the daemon may have sent the cause before it closed: the reader ends the connection with that error
        except BaseException:  # interrupted inside a frame: the next one could not be told apart
            self.close()
            raise

    def _wait(self, id_: int, answer: Future[Any], cancel: CancellationToken | None) -> Any:
        asked_s = time.monotonic()
        while True:
            try:
                return answer.result(self._silence.looked_at_s if cancel is None else _CANCEL_POLL_S)
            except FutureTimeoutError:
                self._check_alive(asked_s)
            if cancel is not None and cancel.cancelled:
                self._cancel(id_)
                cancel = None

    def _check_alive(self, asked_s: float) -> None:
        try:
            if self._silence.must_ping(asked_s, self._path):
                with suppress(PaasqError):
                    self._send("ping", {})
        except DaemonUnavailable as error:
            self._end(error)

    def _cancel(self, id_: int) -> None:
        with suppress(PaasqError):  # the waiting caller gets the error that ended the connection
            self._send("cancel", {"id": id_})

    def _read(self) -> None:
        decoder = FrameDecoder(Framing.LINES, FRAME_BYTES_MAX + ENVELOPE_BYTES)
        try:
            while data := self._socket.recv(_READ_BYTES):
                self._silence.heard()
                for body in decoder.feed(data):
                    self._take(parse(body))
            self._end(DaemonUnavailable(f"the daemon at {self._path} closed the connection"))
        except PaasqError as error:
            self._end(error)
        except OSError as error:
            self._end(DaemonUnavailable(f"the connection to {self._path} broke: {error}"))
        except Exception as error:  # noqa: BLE001  # no caller may wait for an answer that this thread will not deliver
            self._end(ProtocolError(f"the daemon at {self._path} sent what is not an answer: {error!r}"))

    def _take(self, message: dict[str, Any]) -> None:
        if "method" in message:
            self._on_notification(message["method"], message["params"])
        else:
            self._pending.take(message)

    def _end(self, why: PaasqError) -> None:
        if self._pending.end(why):
            self._on_end(why)
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the reader, which close() alone would not
        self._socket.close()


def _connect(connection: socket.socket, path: Path, timeout_s: float) -> None:
    """Also where many others connect at this moment: the system then says so at once, where a timeout is set."""
    until_s = time.monotonic() + timeout_s
    while True:
        try:
            return connection.connect(str(path))
        except BlockingIOError:
            if time.monotonic() > until_s:
                raise
            time.sleep(_CONNECT_RETRY_S)


def nobody_answers(path: Path, why: Exception) -> DaemonUnavailable:
    """The error of a socket that takes no connection."""
    return DaemonUnavailable(
        f"no daemon answers at {path}: {why}", "start one with `paasq serve`, or name its socket", sent=False
    )


def _connected(path: Path, timeout_s: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        _connect(connection, path, timeout_s)
    except (OSError, ValueError) as error:
        connection.close()
        raise nobody_answers(path, error) from None
    connection.settimeout(None)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _TIMEVAL.pack(int(_SEND_S_MAX), 0))
    return connection
