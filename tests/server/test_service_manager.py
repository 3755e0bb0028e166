"""What systemd is told, and what it hands over."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from paasq_daemon.server.service_manager import ServiceManager
from paasq_daemon.wire.errors import ProtocolError
from server import fake_instance
from server.raw import Raw


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        yield listening


@contextmanager
def _notified(path: str) -> Iterator[socket.socket]:
    """What systemd does with NOTIFY_SOCKET."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(path)
        heard.settimeout(30)
        yield heard


def _said(heard: socket.socket) -> dict[str, str]:
    return dict(line.split("=", 1) for line in heard.recv(4096).decode().splitlines())


def _activated(path: Path, listening: socket.socket, **environment: str) -> subprocess.Popen[bytes]:
    """A daemon with the socket as descriptor 3, as systemd starts it."""
    program = (
        "import os, sys; os.dup2(int(sys.argv[1]), 3); os.set_inheritable(3, True); "
        "os.environ |= {'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': '1'}; os.execv(sys.executable, sys.argv[2:])"
    )
    served = [sys.executable, fake_instance.__file__, str(path.with_name("not this one")), "0.2"]
    command = [sys.executable, "-c", program, str(listening.fileno()), *served]
    return subprocess.Popen(
        command, pass_fds=[listening.fileno()], env=os.environ | environment, stdout=subprocess.DEVNULL
    )


def test_a_daemon_serves_the_socket_that_it_is_given_and_tells_its_state(folder: Path) -> None:
    path = folder / "paasq.sock"
    with _listening(path) as listening, _notified(str(folder / "notify")) as heard, Raw(path) as early:
        early.send(b'{"jsonrpc":"2.0","id":1,"method":"catalog"}\n')  # the system keeps it until there is a daemon
        with _activated(path, listening, NOTIFY_SOCKET=str(folder / "notify"), WATCHDOG_USEC="100000") as process:
            ready = _said(heard)
            assert ready["READY"] == "1"
            assert ready["STATUS"] == f"serves {path}"
            assert ready["MAINPID"] == str(process.pid)
            assert early.receive()["id"] == 1
            assert _said(heard) == {"WATCHDOG": "1"}
            assert _said(heard) == {"WATCHDOG": "1"}, "again and again"
            process.send_signal(signal.SIGTERM)
            while (last := _said(heard)) == {"WATCHDOG": "1"}:
                pass
            assert last["STOPPING"] == "1"
            assert process.wait(30) == 0
    assert path.exists(), "the socket is not the daemon's to remove"
    assert not (folder / "not this one").exists()


def test_an_abstract_address_and_nobody_who_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"paasq-test-{os.getpid()}"
    with _notified(f"\0{name}") as heard:
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        manager = ServiceManager()
        manager.notify(READY=1)
        assert _said(heard) == {"READY": "1"}
        assert "NOTIFY_SOCKET" not in os.environ, "no child process speaks in its place"
    manager.notify(READY=1)  # nobody is there: no error


def test_what_was_meant_for_another_process_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid() + 1))
    monkeypatch.setenv("WATCHDOG_USEC", "1000")
    manager = ServiceManager()
    assert manager.listening is None
    asyncio.run(asyncio.wait_for(manager.keep_watchdog_quiet(), 5))


def test_several_sockets_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "2")
    with pytest.raises(ProtocolError, match="2 sockets were handed over"):
        ServiceManager()
