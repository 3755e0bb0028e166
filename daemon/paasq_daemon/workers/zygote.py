"""A process that has all modules in memory and forks workers from itself, in milliseconds: it has no thread and no file open."""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import signal
import socket
import subprocess
import sys
from struct import Struct
from threading import Lock

from paasq_daemon.workers.warm_up import warm_up
from paasq_daemon.workers.worker_process import WorkerConfig, run_worker

_PID = Struct("<i")
_CONFIG_BYTES_MAX = 1 << 16
_PR_SET_PDEATHSIG = 1


class Zygote:
    """The daemon's end: starts the process, and has it fork. Thread-safe."""

    def __init__(self) -> None:
        """Raises OSError where no process can be made."""
        self._lock = Lock()
        self._control, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", __name__, str(theirs.fileno())]
            self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()])  # noqa: S603  # our own

    def fork(self, config: WorkerConfig, connection: socket.socket) -> int:
        """The process id of a new worker, which has a copy of the connection. Raises OSError where the zygote has ended."""
        with self._lock:
            socket.send_fds(self._control, [pickle.dumps(config)], [connection.fileno()])
            answer = self._control.recv(_PID.size)
        if len(answer) < _PID.size:
            raise OSError("the process that makes workers has ended")
        (pid,) = _PID.unpack(answer)
        return int(pid)

    @property
    def ended(self) -> bool:
        """Whether the process has ended, by itself or by another's hand."""
        return self._process.poll() is not None

    def close(self) -> None:
        """End it, and with it its workers."""
        self._control.close()
        self._process.wait()


def main(control_fd: int) -> None:
    """Fork a worker for each connection that is received on the socket; answer with its process id. Ends with the daemon."""
    warm_up()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets workers that ended
    gc.collect()
    gc.freeze()
    control = socket.socket(fileno=control_fd)
    while True:
        config, descriptors, _, _ = socket.recv_fds(control, _CONFIG_BYTES_MAX, 1)
        if not config:
            os._exit(0)
        pid = os.fork()
        if not pid:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            end_with_parent()
            control.close()
            run_worker(socket.socket(fileno=descriptors[0]), pickle.loads(config))  # noqa: S301  # the daemon sent it
            os._exit(0)
        os.close(descriptors[0])
        control.sendall(_PID.pack(pid))


def end_with_parent() -> None:
    """Let the system end this process when its parent does, even where it is deep in work."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]))
