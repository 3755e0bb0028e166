"""The store that a command works on: the daemon's, where one runs on the folder, else opened in this process."""

from __future__ import annotations

from pathlib import Path

from paasq_daemon.wire.client import Client
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.default_paths import default_folder, socket_path
from paasq_daemon.wire.errors import DaemonUnavailable, StoreError


def folder_of(data: Path | None) -> Path:
    """The data folder that `--data` names, else the default one."""
    return data if data is not None else default_folder()


def open_database(data: Path | None, socket: Path | None, *, create: bool = False) -> Database:
    """Raises DaemonUnavailable where a socket is named and nobody answers; FolderInUse where a process without a socket
    there has the folder open; StoreError where there is no store and `create` is False, so that a mistyped folder makes none.
    """
    if socket is not None:
        return Client.connect(socket)
    if (client := running_daemon(data)) is not None:
        return client
    folder = folder_of(data)
    if not create and not (folder / "store").is_dir():
        raise StoreError(
            f"there is no store in {folder}", "name another folder by --data, or make one: `paasq run SCHEMA.paasq`"
        )
    import paasq

    return paasq.open(folder)


def running_daemon(data: Path | None) -> Client | None:
    """A client of the daemon at the folder's own socket; None where none answers there."""
    path = socket_path(folder_of(data))
    if not path.exists():
        return None
    try:
        return Client.connect(path)
    except DaemonUnavailable:  # it died and left its socket behind
        return None
