"""A process that has all modules in memory and forks workers from itself, in milliseconds: it has no thread and no file open."""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import signal
import socket
import sys
from contextlib import suppress

from paasq_daemon.workers.warm_up import warm_up
from paasq_daemon.workers.worker_process import run_worker
from paasq_daemon.workers.zygote import PID

_CONFIG_BYTES_MAX = 1 << 16
_PR_SET_PDEATHSIG = 1


def main(control_fd: int) -> None:
    """Fork a worker for each connection that is received on the socket; answer with its process id. Ends with the daemon."""
    warm_up()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets workers that ended
    gc.collect()
    gc.freeze()
    control = socket.socket(fileno=control_fd)
    while True:
        config, descriptors = _next_config(control)
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
        with suppress(OSError):  # where the daemon has gone meanwhile, nothing comes any more
            control.sendall(PID.pack(pid))


def _next_config(control: socket.socket) -> tuple[bytes, list[int]]:
    """With the worker's end of its connection; empty where the daemon has gone."""
    try:
        config, descriptors, _, _ = socket.recv_fds(control, _CONFIG_BYTES_MAX, 1)
    except OSError:
        return b"", []
    return config, descriptors


def end_with_parent() -> None:
    """Let the system end this process when its parent does, even where it is deep in work."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]))
