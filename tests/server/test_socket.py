"""The socket file: its modes, its path, who may connect, how it goes."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from paasq_daemon.server.limits import Limits
from paasq_daemon.server.listener import serve
from paasq_daemon.wire.client import Client
from paasq_daemon.wire.errors import DaemonUnavailable, ProtocolError
from server import fake_instance
from server.conftest import Daemon, running
from server.fake_instance import FakeInstance
from server.raw import Raw, request


def test_modes(folder: Path) -> None:
    path = folder / "data" / "paasq.sock"
    with running(path, Limits(grace_s=0.2), 1):
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.exists()


def test_the_socket_of_a_dead_daemon_is_replaced(folder: Path) -> None:
    path = folder / "paasq.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with running(path, Limits(grace_s=0.2), 1) as daemon, daemon.client() as client:
        assert client.status() == {"records": 0}


def test_the_socket_of_a_live_daemon_is_not(daemon: Daemon) -> None:
    instance = FakeInstance()
    with pytest.raises(ProtocolError, match=f"process {os.getpid()}, listens at"):
        serve(instance, daemon.socket)
    assert instance.closed
    with daemon.client() as client:
        assert client.status() == {"records": 0}


def test_a_file_that_is_no_socket_stays(folder: Path) -> None:
    path = folder / "paasq.sock"
    path.write_text("dear diary")
    with pytest.raises(ProtocolError, match="is not a socket"):
        serve(FakeInstance(), path)
    assert path.read_text() == "dear diary"


def test_a_path_too_long_names_the_mend(folder: Path) -> None:
    with pytest.raises(ProtocolError, match="107 bytes") as long:
        serve(FakeInstance(), folder / ("x" * 100) / "paasq.sock")
    assert "--socket" in long.value.hint


def test_nobody_listens(folder: Path) -> None:
    with pytest.raises(DaemonUnavailable, match="no daemon answers") as absent:
        Client.connect(folder / "paasq.sock")
    assert "paasq serve" in absent.value.hint


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_is_refused(daemon: Daemon) -> None:
    daemon.socket.parent.chmod(0o755)
    daemon.socket.chmod(0o666)  # as if the modes had been lost: the uid is looked at all the same
    script = (
        "import os, socket, sys; os.setuid(65534); s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); "
        "print(s.makefile().read())"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(daemon.socket)], capture_output=True, text=True, timeout=10, check=True
    )
    assert '"code":"PQ6003"' in said.stdout
    assert "you are user 65534" in said.stdout


@contextmanager
def _process(path: Path, grace_s: float = 5.0) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, fake_instance.__file__, str(path), str(grace_s)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_requests_finish(folder: Path, number: signal.Signals) -> None:
    path = folder / "paasq.sock"
    with _process(path) as process, Raw(path) as raw, Raw(path) as idle:
        raw.send(b'{"jsonrpc":"2.0","id":1,"method":"query","params":{"text":"sleep 0.5"}}\n')
        idle.send(b" ")
        assert raw.ask(request("status", 2))["id"] == 2  # the first request is in flight once the second is answered
        process.send_signal(number)
        assert raw.receive()["result"]["complete"] is True
        assert raw.receive() is None
        assert process.wait(5) == 0
        assert process.stderr is not None
        log = process.stderr.read()
    assert not path.exists()
    assert "listening" in log
    assert "stopped clean=true" in log


def test_requests_that_will_not_end_are_cancelled_then_left(folder: Path) -> None:
    path = folder / "paasq.sock"
    with _process(path, grace_s=0.2) as process, Raw(path) as polite, Raw(path) as stubborn:
        polite.send(b'{"jsonrpc":"2.0","id":1,"method":"query","params":{"text":"sleep 30"}}\n')
        stubborn.send(b'{"jsonrpc":"2.0","id":1,"method":"query","params":{"text":"stubborn 1.5"}}\n')
        assert polite.ask(request("status", 2))["id"] == 2
        assert stubborn.ask(request("status", 2))["id"] == 2
        process.send_signal(signal.SIGTERM)
        assert polite.receive()["error"]["data"]["code"] == "PQ5003"
        assert process.wait(5) == 3
    assert not path.exists()
