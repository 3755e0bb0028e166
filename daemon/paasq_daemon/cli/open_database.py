"""The store that a command works on: the daemon's, where one runs on the folder, else opened in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paasq_daemon.store.data_folder import read_format
from paasq_daemon.store.folder_holder import folder_holder
from paasq_daemon.store.layout import STORE_FORMAT_VERSION
from paasq_daemon.wire.client import Client
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.default_paths import default_folder, socket_path
from paasq_daemon.wire.errors import DaemonUnavailable, FolderInUse, StoreError

_ANSWERS_S = 2.5  # a daemon answers a ping at once, however busy it is


def folder_of(data: Path | None) -> Path:
    """The data folder that `--data` names, else the default one."""
    return data if data is not None else default_folder()


def open_database(data: Path | None, socket: Path | None, *, create: bool = False, threads: bool = False) -> Database:
    """Where a process that is no daemon has the folder open, the store is read beside it: what writes raises FolderInUse. With
    `threads`, for more than one thread, that is raised at once.

    Raises DaemonUnavailable where a socket is named and nobody answers; StoreError where there is no store and `create` is
    False, so that a mistyped folder makes none.
    """
    if socket is not None:
        return Client.connect(socket, answers_within_s=_ANSWERS_S)
    if (client := running_daemon(data)) is not None:
        return client
    folder = folder_of(data)
    if not create and not (folder / "store").is_dir():
        raise StoreError(
            f"there is no store in {folder}", "name another folder by --data, or make one: `paasq run SCHEMA.paasq`"
        )
    import paasq

    try:
        with _telling_of_upgrades(folder):
            return paasq.open(folder)
    except FolderInUse as in_use:
        if threads:
            raise
        from paasq._embedded_database import EmbeddedDatabase
        from paasq_daemon.beside_instance import open_beside

        return EmbeddedDatabase(open_beside(folder, in_use))


@contextmanager
def _telling_of_upgrades(folder: Path) -> Iterator[None]:
    """Write on standard error what an upgrade of the store's format logs: it may take minutes."""
    import logging

    from paasq_daemon.snapshot import upgrade

    if read_format(folder) in (None, STORE_FORMAT_VERSION):
        yield
        return
    from paasq_daemon.cli.consoles import stderr_console
    from paasq_daemon.wire.cell_text import escape_control

    class Telling(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            stderr_console().print(escape_control(record.getMessage()), soft_wrap=True)

    logger, handler = logging.getLogger(upgrade.__name__), Telling()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def running_daemon(data: Path | None) -> Client | None:
    """A client of the daemon of the folder, at its own socket or the one that its lock names; None where none listens."""
    folder = folder_of(data)
    path = socket_path(folder)
    if not path.exists():
        holder = folder_holder(folder)
        if holder is None or holder.socket is None:
            return None
        path = Path(holder.socket)
    try:
        Client.connect(path).close()
    except DaemonUnavailable:  # it died and left its socket behind
        return None
    return Client.connect(path, answers_within_s=_ANSWERS_S)


def require_daemon(data: Path | None, socket: Path | None) -> Client:
    """A client of the daemon, for what only a daemon can tell. Raises DaemonUnavailable where none answers."""
    if socket is not None:
        return Client.connect(socket, answers_within_s=_ANSWERS_S)
    client = running_daemon(data)
    if client is None:
        raise DaemonUnavailable(f"no daemon runs on {folder_of(data)}", "start one: `paasq serve --wait-ready`")
    return client
