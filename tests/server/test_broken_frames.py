"""Whatever bytes come, the daemon answers the next client."""

from __future__ import annotations

import gc
import json
import logging
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paasq_daemon.wire.framing import FrameDecoder
from server.conftest import Daemon
from server.raw import Raw, request

ROUNDS = 1000
_WHOLE = json.dumps(request("query", text="echo", params={"x": [1, "é", None]})).encode()
_ANY: tuple[Any, ...] = (None, True, -1, 1.5, 2**70, "x", "\x00", "\ud7ff", [], [[]], {}, {"text": 3}, [1, 2])


def _truncated(rng: random.Random) -> bytes:
    return _WHOLE[: rng.randrange(len(_WHOLE))] + rng.choice([b"", b"\n", b"\r\n\r\n"])


def _truncated_headers(rng: random.Random) -> bytes:
    whole = b"Content-Length: %d\r\n\r\n%b" % (len(_WHOLE), _WHOLE)
    return whole[: rng.randrange(1, len(whole))]


def _lengths(rng: random.Random) -> bytes:
    length = rng.choice([b"-1", b"0", b"1e9", b"16777217", b"9" * 40, b"", b"0x10", "٣".encode(), b"5 5"])
    return b"Content-Length:" + length + b"\r\n\r\n" + _WHOLE


def _headers(rng: random.Random) -> bytes:
    lines = [b"Content-Length: 3", b"content-length: 2", b"Content-Type: x", b"Host: evil", b":", b"C", b"\xff"]
    return b"C" + b"\r\n".join(rng.choices(lines, k=rng.randrange(1, 5))) + b"\r\n\r\n" + _WHOLE


def _noise(rng: random.Random) -> bytes:
    first = rng.choice([b"{", b"[", b" ", b"C", b"\n", rng.randbytes(1)])
    return first + rng.randbytes(rng.randrange(300))


def _deep(rng: random.Random) -> bytes:
    depth = rng.choice([65, 200, 1023, 5000, 100_000])
    opened, closed = rng.choice([(b"[", b"]"), (b'{"a":', b"}")])
    return opened * depth + b"1" + (closed * depth if rng.random() < 0.5 else b"") + b"\n"


def _wrong_types(rng: random.Random) -> bytes:
    message: dict[str, object] = {**request("query", text="echo", params={})}
    for member in rng.sample(list(message), rng.randrange(1, 4)):
        message[member] = rng.choice(_ANY)
    return json.dumps(message).encode() + b"\n"


def _members_missing(rng: random.Random) -> bytes:
    message = request("query", rng.choice(_ANY), text="echo")
    for member in rng.sample(list(message), rng.randrange(1, 4)):
        del message[member]
    return json.dumps(message).encode() + b"\n"


def _batches(rng: random.Random) -> bytes:
    return json.dumps(rng.choices([*_ANY, request("status")], k=rng.choice([0, 1, 5, 70]))).encode() + b"\n"


def _flipped(rng: random.Random) -> bytes:
    data = bytearray(_WHOLE + b"\n")
    for _ in range(rng.randrange(1, 6)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(data)


_BREAKERS: tuple[Callable[[random.Random], bytes], ...] = (
    _truncated, _truncated_headers, _lengths, _headers, _noise, _deep, _wrong_types, _members_missing, _batches,
    _flipped,
)  # fmt: skip


def test_broken_frames_leave_the_daemon_answering(daemon: Daemon, caplog: pytest.LogCaptureFixture) -> None:
    rng = random.Random(20261122)
    for round_ in range(ROUNDS):
        _throw(daemon.socket, rng)
        if round_ % 50 == 0:
            with daemon.client() as client:
                assert client.query("echo", n=round_)[0].n == round_
    with daemon.client() as client:
        assert client.status() == {"records": 0}
    gc.collect()  # a task that failed unseen is logged when it goes
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def _throw(path: Path, rng: random.Random) -> None:
    """One to three broken frames on one connection; every answer that comes is JSON-RPC."""
    with Raw(path) as raw:
        try:
            for _ in range(rng.randrange(1, 4)):
                raw.send(rng.choice(_BREAKERS)(rng))
            raw.socket.shutdown(1)
            received = b"".join(iter(lambda: raw.socket.recv(65536), b""))
        except (BrokenPipeError, ConnectionResetError):
            return  # hung up on in the middle of a frame: that is an answer too
    for body in FrameDecoder().feed(received):
        message = json.loads(body)
        for answer in message if isinstance(message, list) else [message]:
            assert answer["jsonrpc"] == "2.0"
            assert ("result" in answer) != ("error" in answer)


def test_a_parse_error_keeps_a_connection_of_lines(daemon: Daemon) -> None:
    with Raw(daemon.socket) as raw:
        raw.send(b'{"jsonrpc": \n')
        assert raw.receive()["error"]["code"] == -32700
        raw.send(b"\xff\xfe\n")
        assert raw.receive()["error"]["code"] == -32700
        raw.send(b"[" * 65 + b"]" * 65 + b"\n")
        assert raw.receive()["error"]["code"] == -32600
        assert "result" in raw.ask(request("status"))
