"""A daemon as a process of its own: the real engine on a real socket."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from paasq_daemon.wire.client import Client
from paasq_daemon.wire.default_paths import socket_path

PAASQ = (sys.executable, "-c", "from paasq_daemon.cli.main import main; main()")
START_S = 30.0
_POLL_S = 0.02


@dataclass
class Daemon:
    """`start` may be called again after `kill` or `stop`."""

    folder: Path
    socket_given: Path | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def socket(self) -> Path:
        return self.socket_given or socket_path(self.folder)

    @property
    def log_path(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}.log")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def start(self, *options: str) -> None:
        """Returns when it answers."""
        began_s = time.monotonic()
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen([*PAASQ, "serve", "--data", str(self.folder), *options], stderr=log)
        while not self._answers():
            assert self.running, self.log
            assert time.monotonic() - began_s < START_S, self.log
            time.sleep(_POLL_S)

    def client(self) -> Client:
        return Client.connect(self.socket)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Its exit code after SIGTERM."""
        return self._end(signal.SIGTERM)

    def end(self) -> None:
        if self.running:
            self.kill()

    def memory_bytes(self) -> int:
        """What it holds of the machine's memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def _end(self, number: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(30)

    def _answers(self) -> bool:
        log = self.log.replace('"pid": ', "pid=")  # as JSON has it
        if f"pid={self.pid}" not in log:  # a socket of one that was killed may lie there
            return False
        with self.client() as client:
            return bool(client.status())
