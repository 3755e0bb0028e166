"""paasq for Python programs.

import paasq

with paasq.open() as store:        # the store in this process
    for task in store.query("from task | where owner == $me", me="ana"):
        print(task.title, task.due)

with paasq.connect() as store:     # the same, through the daemon that has the store open
    print(store.query("from note | find 'budget'").to_dicts())
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.client import Client
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.default_paths import default_folder, socket_path
from paasq_daemon.wire.errors import ConflictError, PaasqError, QueryError
from paasq_daemon.wire.events import Event, EventBatch, Watch
from paasq_daemon.wire.request import Budget, Request
from paasq_dsl.time_zones import DEFAULT_ZONE

__all__ = [
    "Answer", "Budget", "Client", "ConflictError", "Database", "Event", "EventBatch", "PaasqError", "QueryError", "Request",
    "Watch", "connect", "open",
]  # fmt: skip


def open(folder: str | PathLike[str] | None = None, *, zone: str = DEFAULT_ZONE) -> Database:  # noqa: A001  # `paasq.open()` reads best
    """The store in `folder` (default: $PAASQ_DATA, else the user's data folder), made where there is none.

    `zone` is the time zone of texts that name none. Raises FolderInUse where another process has it open: `connect` reaches
    a store through its daemon.
    """
    from paasq._embedded_database import EmbeddedDatabase  # noqa: PLC0415  # the engine loads only where it runs
    from paasq_daemon.instance import Instance  # noqa: PLC0415  # as above

    store = EmbeddedDatabase(Instance.open(Path(folder) if folder is not None else default_folder()))
    store.zone = zone
    return store


def connect(socket: str | PathLike[str] | None = None, *, zone: str = DEFAULT_ZONE) -> Client:
    """The store whose daemon listens at `socket` (default: in the default folder). Raises DaemonUnavailable."""
    client = Client.connect(Path(socket) if socket is not None else socket_path(default_folder()))
    client.zone = zone
    return client
