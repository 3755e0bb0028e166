"""The daemon's end of the process that forks workers. Light, so that it is started before the daemon has read its own modules."""

from __future__ import annotations

import pickle
import socket
import subprocess
import sys
from struct import Struct
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paasq_daemon.workers.worker_process import WorkerConfig

PID = Struct("<i")
_PROCESS = "paasq_daemon.workers.zygote_process"


class Zygote:
    """The daemon's end: starts the process, and has it fork. Thread-safe."""

    def __init__(self) -> None:
        """Raises OSError where no process can be made."""
        self._lock = Lock()
        self._control, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", _PROCESS, str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()])  # noqa: S603  # our own

    def fork(self, config: WorkerConfig, connection: socket.socket) -> int:
        """The process id of a new worker, which has a copy of the connection. Raises OSError where the zygote has ended."""
        with self._lock:
            socket.send_fds(self._control, [pickle.dumps(config)], [connection.fileno()])
            answer = self._control.recv(PID.size)
        if len(answer) < PID.size:
            raise OSError("the process that makes workers has ended")
        (pid,) = PID.unpack(answer)
        return int(pid)

    @property
    def ended(self) -> bool:
        """Whether the process has ended, by itself or by another's hand."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End it, and with it its workers."""
        self._control.close()
        self._process.wait()
