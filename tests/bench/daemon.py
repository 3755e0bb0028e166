"""A daemon of one's own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paasq
from paasq import Client
from paasq_daemon.wire.errors import DaemonUnavailable

_START_S = 30.0


@contextmanager
def serving(folder: Path, socket: Path) -> Iterator[Client]:
    """Serve the store in a process of its own as long as the block lasts."""
    command = [sys.executable, "-c", "from paasq_daemon.cli.main import main; main()", "serve"]
    arguments = ["--data", str(folder), "--socket", str(socket)]
    process = subprocess.Popen([*command, *arguments], stderr=subprocess.DEVNULL)
    try:
        with _connected(socket, process) as client:
            yield client
    finally:
        process.terminate()
        process.wait()


def _connected(socket: Path, process: subprocess.Popen[bytes]) -> Client:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            return paasq.connect(socket)
        except DaemonUnavailable:
            if process.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
