"""The TCP port of metrics, where it is asked for: HTTP on 127.0.0.1, one path, no body in, counts out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from paasq_daemon.log import log_failure
from paasq_daemon.wire.errors import PaasqError, ProtocolError

_HOST = "127.0.0.1"
_NAMES = {"127.0.0.1", "localhost"}
_PATH = "/metrics"
_HEAD_BYTES_MAX = 8192
_WAIT_S = 5.0
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


async def serve_metrics(port: int, text: Callable[[], Awaitable[str]]) -> asyncio.Server:
    """Listen. Raises ProtocolError where the port cannot be had."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_WAIT_S):
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                writer.write(await _answer(head, text))
                await writer.drain()
        writer.close()

    try:
        return await asyncio.start_server(connected, _HOST, port, limit=_HEAD_BYTES_MAX)
    except OSError as error:
        raise ProtocolError(
            f"port {port} on {_HOST} cannot be had: {error.strerror}", "set metrics.port to another one, or to 0"
        ) from error


async def _answer(head: str, text: Callable[[], Awaitable[str]]) -> bytes:
    request, *lines = head.split("\r\n")
    method, path, *_ = [*request.split(" "), "", ""]
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("host", _HOST).partition(":")[0] not in _NAMES:
        return _response(
            "403 Forbidden", "this port is for programs of this machine\n"
        )  # a page of a browser asks for another name
    if method != "GET" or path.partition("?")[0] != _PATH:
        return _response("404 Not Found", f"there is only GET {_PATH}\n")
    try:
        return _response("200 OK", await text())
    except PaasqError as error:
        return _response("503 Service Unavailable", f"{error.message}\n")
    except Exception as error:  # noqa: BLE001  # whatever it is, the daemon lives
        log_failure("metrics_failed", error)
        return _response("500 Internal Server Error", "the log says where\n")


def _response(status: str, body: str) -> bytes:
    content = body.encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: {_TEXT}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n"
    return head.encode() + content
