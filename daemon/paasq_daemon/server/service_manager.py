"""What systemd and the like are told, and what they hand over: sd_notify(3) and sd_listen_fds(3)."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress
from pathlib import Path

from paasq_daemon.wire.errors import ProtocolError

_FIRST_DESCRIPTOR = 3  # SD_LISTEN_FDS_START
_OURS = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


class ServiceManager:
    """Whoever started this process, where it speaks that protocol; else what it is told goes nowhere."""

    def __init__(self) -> None:
        """Takes what it is out of the environment, so that no child process speaks or listens in its place.

        `listening` is the socket that was bound for this process, and its path; None where there is none. Raises ProtocolError
        where it is none that a daemon can serve.
        """
        given = {name: os.environ.pop(name, "") for name in _OURS}
        self._address = given["NOTIFY_SOCKET"]
        self._descriptors = int(given["LISTEN_FDS"]) if _is_mine(given["LISTEN_PID"], given["LISTEN_FDS"]) else 0
        watched = given["WATCHDOG_PID"] in {"", str(os.getpid())}
        self.listening = self._handed_over()
        self._watchdog_s = int(given["WATCHDOG_USEC"]) / 1e6 if watched and given["WATCHDOG_USEC"].isdigit() else None

    def notify(self, **states: str | int) -> None:
        """`READY=1`, `STATUS="..."` and the like. What is not taken is lost: nobody waits for it."""
        if not self._address:
            return
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
            sending.setblocking(False)
            sending.sendto("\n".join(f"{key}={value}" for key, value in states.items()).encode(), name)

    async def keep_watchdog_quiet(self) -> None:
        """As long as the event loop runs; twice in each period. Returns at once where nobody watches."""
        while self._watchdog_s is not None:
            self.notify(WATCHDOG=1)
            await asyncio.sleep(self._watchdog_s / 2)

    def _handed_over(self) -> tuple[socket.socket, Path] | None:
        if not self._descriptors:
            return None
        if self._descriptors > 1:
            raise ProtocolError(
                f"{self._descriptors} sockets were handed over, and a daemon serves one",
                "give the unit one ListenStream",
            )
        given = socket.socket(fileno=_FIRST_DESCRIPTOR)
        given.set_inheritable(False)
        accepts = given.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        if given.family != socket.AF_UNIX or not accepts or not isinstance(given.getsockname(), str):
            raise ProtocolError(
                "the socket that was handed over is no Unix socket that listens", "give the unit a path in ListenStream"
            )
        given.setblocking(False)
        return given, Path(given.getsockname())


def _is_mine(pid: str, count: str) -> bool:
    return pid == str(os.getpid()) and count.isdigit()
