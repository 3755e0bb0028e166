from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.server.executor import ThreadExecutor
from paasq_daemon.server.limits import Limits
from paasq_daemon.server.listener import Listener
from paasq_daemon.server.methods.call import ServerContext
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.client import Client
from server.fake_instance import FakeInstance


@dataclass
class Daemon:
    instance: FakeInstance
    socket: Path

    def client(self) -> Client:
        return Client.connect(self.socket)


@contextmanager
def listening(
    instance: Instance, socket: Path, limits: Limits, workers: int, granted: Right = Right.ADMIN
) -> Iterator[None]:
    """A daemon in a thread of this process."""
    loop = asyncio.new_event_loop()
    service = ServerContext.of(
        instance, ThreadExecutor(instance.engine, limits.frame_bytes_max, workers), limits.frame_bytes_max, granted
    )
    listener = Listener(service, socket, limits)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(listener.start(), loop).result(5)
    try:
        yield
        assert asyncio.run_coroutine_threadsafe(listener.stop(), loop).result(10), "requests outlived the daemon"
    finally:
        listener.remove_socket()
        service.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


@contextmanager
def running(socket: Path, limits: Limits, workers: int) -> Iterator[Daemon]:
    """A daemon of a fake instance."""
    instance = FakeInstance()
    with listening(instance, socket, limits, workers):
        yield Daemon(instance, socket)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short, as a socket's path must be."""
    path = Path(tempfile.mkdtemp(prefix="paasq"))
    yield path
    shutil.rmtree(path)


Start = Callable[..., Daemon]


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """A function that starts a daemon; it stops after the test."""
    with ExitStack() as stack:

        def start(limits: Limits | None = None, workers: int = 2) -> Daemon:
            limits = limits or Limits(grace_s=0.2)
            return stack.enter_context(running(folder / "paasq.sock", limits, workers))

        yield start


@pytest.fixture
def daemon(start: Start) -> Daemon:
    return start()
