"""Who may talk to the daemon: the user it runs as, nobody else."""

from __future__ import annotations

import os
import socket
import struct
from typing import NamedTuple

from paasq_daemon.wire.errors import PeerRefused

_UCRED = struct.Struct("3i")  # pid, uid, gid


class PeerCredentials(NamedTuple):
    """Process and user of a peer, as the kernel states them (SO_PEERCRED)."""

    pid: int
    uid: int


def peer_credentials(connection: socket.socket) -> PeerCredentials | None:
    """Who is at the other end of a Unix socket; None where the platform cannot tell (then file modes alone guard)."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None
    pid, uid, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    return PeerCredentials(pid, uid)


def authorize_peer(connection: socket.socket) -> None:
    """Raise PeerRefused where the other end runs as another user."""
    peer = peer_credentials(connection)
    if peer is not None and peer.uid != os.geteuid():
        raise PeerRefused(
            f"this daemon serves user {os.geteuid()} only, and you are user {peer.uid}",
            "run a daemon of your own, or become that user",
        )
