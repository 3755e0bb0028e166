"""One connection of a client: requests out, answers back to whoever waits for them."""

from __future__ import annotations

import itertools
import socket
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from pathlib import Path
from typing import Any

from paasq_daemon.wire.errors import DaemonUnavailable, PaasqError
from paasq_daemon.wire.frames import FRAME_BYTES_MAX, REQUESTS_IN_FLIGHT_MAX, FrameDecoder, Framing, frame
from paasq_daemon.wire.messages import Cancellation
from paasq_daemon.wire.rpc import dump_bounded, error_from_json, parse, request_message

_READ_BYTES = 2**18
_CANCEL_POLL_S = 0.02
_ENVELOPE_BYTES = 4096  # the limit is on a result; id and the rest stand around it


class Connection:
    """Speaks lines. Any number of threads may call at once; one thread of its own reads."""

    def __init__(self, path: Path, connect_timeout_s: float) -> None:
        """Raises DaemonUnavailable where nobody listens at `path`."""
        self._path = path
        self._socket = _connected(path, connect_timeout_s)
        self._ids = itertools.count(1)
        self._sending = threading.Lock()
        self._room = threading.BoundedSemaphore(REQUESTS_IN_FLIGHT_MAX)
        self._lock = threading.Lock()  # guards `_waiting` and `_ended`
        self._waiting: dict[int, Future[Any]] = {}
        self._ended: PaasqError | None = None
        threading.Thread(target=self._read, name="paasq-client", daemon=True).start()

    @property
    def ended(self) -> bool:
        return self._ended is not None

    def call(self, method: str, params: Mapping[str, Any], cancel: Cancellation | None = None) -> Any:
        """The result of a method, as JSON. Raises what the daemon raised."""
        with self._room:
            id_, answer = self._send(method, params)
            try:
                return self._wait(id_, answer, cancel)
            except KeyboardInterrupt:  # the daemon need not go on for somebody who has left
                self._cancel(id_)
                raise

    def close(self) -> None:
        self._end(DaemonUnavailable("the connection was closed"))

    def _send(self, method: str, params: Mapping[str, Any]) -> tuple[int, Future[Any]]:
        id_ = next(self._ids)
        body = dump_bounded(request_message(id_, method, params), FRAME_BYTES_MAX)
        answer: Future[Any] = Future()
        with self._lock:
            if self._ended is not None:
                raise self._ended
            self._waiting[id_] = answer
        self._write(body)
        return id_, answer

    def _write(self, body: bytes) -> None:
        try:
            with self._sending:
                self._socket.sendall(frame(body, Framing.LINES))
        except OSError:
            pass  # the daemon may have said why before it hung up: the reader ends the connection with its words
        except BaseException:  # an interrupt in the middle of a frame leaves no way to begin the next one
            self.close()
            raise

    def _wait(self, id_: int, answer: Future[Any], cancel: Cancellation | None) -> Any:
        if cancel is None:
            return answer.result()
        while not cancel.cancelled:
            try:
                return answer.result(_CANCEL_POLL_S)
            except FutureTimeoutError:
                continue
        self._cancel(id_)
        return answer.result()

    def _cancel(self, id_: int) -> None:
        with suppress(PaasqError):  # whoever waits for the request learns that the connection ended
            self._send("cancel", {"id": id_})

    def _read(self) -> None:
        decoder = FrameDecoder(Framing.LINES, FRAME_BYTES_MAX + _ENVELOPE_BYTES)
        try:
            while data := self._socket.recv(_READ_BYTES):
                for body in decoder.feed(data):
                    self._take(parse(body))
            self._end(DaemonUnavailable(f"the daemon at {self._path} closed the connection"))
        except PaasqError as error:
            self._end(error)
        except OSError as error:
            self._end(DaemonUnavailable(f"the connection to {self._path} broke: {error}"))

    def _take(self, message: dict[str, Any]) -> None:
        error = error_from_json(message["error"]) if "error" in message else None
        with self._lock:
            answer = self._waiting.pop(message.get("id"), None)  # type: ignore[arg-type]  # JSON: any value may stand there
        if answer is None:
            if error is not None:  # of no request: the daemon says why it hangs up
                raise error
        elif error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(message.get("result"))

    def _end(self, why: PaasqError) -> None:
        with self._lock:
            self._ended = self._ended or why
            waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            answer.set_exception(why)
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the reader, which close() alone would not
        self._socket.close()


def _connected(path: Path, timeout_s: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        connection.connect(str(path))
    except (OSError, ValueError) as error:
        connection.close()
        raise DaemonUnavailable(
            f"no daemon answers at {path}: {error}", "start one with `paasq serve`, or name its socket"
        ) from None
    connection.settimeout(None)
    return connection
