"""Where a store and its daemon's socket are found."""

from __future__ import annotations

import os
from pathlib import Path

SOCKET_NAME = "paasq.sock"
SOCKET_PATH_BYTES_MAX = 107  # sockaddr_un holds 108 on Linux, the closing zero included


def default_folder() -> Path:
    """$PAASQ_DATA, else $XDG_DATA_HOME/paasq, else ~/.local/share/paasq."""
    if data := os.environ.get("PAASQ_DATA"):
        return Path(data).expanduser()
    shared = os.environ.get("XDG_DATA_HOME")
    return (Path(shared) if shared else Path.home() / ".local" / "share") / "paasq"


def socket_path(folder: Path) -> Path:
    """The socket that a daemon of this folder listens on unless told otherwise."""
    return folder / SOCKET_NAME
