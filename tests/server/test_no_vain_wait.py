"""Whatever becomes of a request, whoever waits for it learns of it."""

from __future__ import annotations

import asyncio
import concurrent.futures
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from paasq_daemon.server.methods import METHODS
from paasq_daemon.server.methods.call import RpcCall
from paasq_daemon.wire import pending_answers
from paasq_daemon.wire.client import Client
from paasq_daemon.wire.errors import DaemonUnavailable, PaasqError, ProtocolError
from server.conftest import Daemon


class Panic(BaseException):
    """As libraries in Rust raise it."""


@pytest.mark.parametrize(
    "error",
    [
        StopIteration(), StopAsyncIteration(), GeneratorExit(), Panic(), SystemExit(3), KeyboardInterrupt(),
        MemoryError(), RecursionError(), ImportError("half a module"), asyncio.CancelledError(),
        concurrent.futures.CancelledError(),
        TimeoutError(), UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), OSError(), EOFError(),
    ],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
@pytest.mark.parametrize("method", ["query", "status"])
def test_every_error_of_the_engine_is_answered(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, error: BaseException, method: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(daemon.instance.engine, "query", fail)
    monkeypatch.setattr(daemon.instance.status, "report", fail)
    with daemon.client() as client:
        answered = _within(10, lambda: client.call(method, {"text": "echo"} if method == "query" else {}))
        assert isinstance(answered, ProtocolError)
        assert "the daemon failed" in answered.message
    monkeypatch.undo()
    with daemon.client() as client:
        assert client.query("echo", n=1)[0].n == 1


def test_a_request_that_cannot_be_answered_ends_its_connection(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    async def die(_: RpcCall) -> bytes:
        raise Panic

    monkeypatch.setitem(METHODS, "status", replace(METHODS["status"], run=die))
    with daemon.client() as client:
        assert isinstance(_within(10, client.status), DaemonUnavailable)
        assert client.query("echo", n=1)[0].n == 1, "on a connection opened anew"


@pytest.mark.parametrize(
    "line", [b"7", b"[1]", b'{"id": 1, "error": 3}', b'{"id": 1, "error": {"code": "x"}}', b"{", b'{"id": [], "x": 1}']
)
def test_an_answer_that_is_none_ends_the_wait(folder: Path, line: bytes) -> None:
    with _answering(folder / "s", line + b"\n"), Client.connect(folder / "s") as client:
        assert isinstance(_within(10, client.status), PaasqError)


def test_a_daemon_that_falls_silent_is_given_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending_answers, "_PING_AFTER_S", 0.1)
    monkeypatch.setattr(pending_answers, "_SILENCE_S_MAX", 0.4)
    with _answering(folder / "s", b""), Client.connect(folder / "s") as client:
        given_up = _within(10, client.status)
        assert isinstance(given_up, DaemonUnavailable)
        assert "said nothing" in given_up.message


def test_a_daemon_that_works_is_waited_for(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pending_answers, "_PING_AFTER_S", 0.05)
    monkeypatch.setattr(pending_answers, "_SILENCE_S_MAX", 0.3)
    hold = threading.Event()
    monkeypatch.setattr(daemon.instance.status, "report", lambda: {"held": hold.wait(1.2)})
    with daemon.client() as client:
        assert client.status() == {"held": False}


def _within(seconds: float, call: Callable[[], object]) -> object:
    """What the call returned or raised."""
    outcome: list[object] = []

    def run() -> None:
        try:
            outcome.append(call())
        except BaseException as error:  # noqa: BLE001  # the test looks at it
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    assert outcome, f"no answer and no error within {seconds} s"
    return outcome[0]


@contextmanager
def _answering(path: Path, line: bytes) -> Iterator[None]:
    """A server that gives every request the same answer."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    listening.listen()
    kept: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                peer, _ = listening.accept()
            except OSError:
                return
            kept.append(peer)
            if peer.recv(65536) and line:
                peer.sendall(line)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield
    finally:
        listening.close()
        for peer in kept:
            peer.close()
