"""paasq for Python programs.

import paasq

with paasq.open() as store:        # the store in this process
    for task in store.query("from task | where owner == $me", me="ana"):
        print(task.title, task.due)

with paasq.connect() as store:     # the same, through the daemon that has the store open
    print(store.query("from note | find 'budget'").to_dicts())
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.client import Client
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.default_paths import default_folder, socket_path
from paasq_daemon.wire.errors import ConflictError, DaemonUnavailable, PaasqError, QueryError
from paasq_daemon.wire.events import Event, EventBatch, Watch
from paasq_daemon.wire.paths import StrPath
from paasq_daemon.wire.request import Budget, Request
from paasq_dsl.time_zones import DEFAULT_ZONE

if TYPE_CHECKING:  # asyncio takes as long to load as a fast query: `__getattr__` has them for who asks
    from paasq_daemon.wire.async_client import AsyncClient
    from paasq_daemon.wire.async_watch import AsyncWatch

__all__ = [
    "Answer", "AsyncClient", "AsyncWatch", "Budget", "Client", "ConflictError", "DaemonUnavailable", "Database", "Event",
    "EventBatch", "PaasqError", "QueryError", "Request", "Watch", "connect", "connect_async", "doctor", "load", "open",
    "set_snapshot_schedule", "snapshot_schedule",
]  # fmt: skip


def open(folder: StrPath | None = None, *, zone: str = DEFAULT_ZONE) -> Database:  # noqa: A001  # `paasq.open()` reads best
    """The store in `folder` (default: $PAASQ_DATA, else the user's data folder), made where there is none.

    `zone` is the time zone of texts that name none. Raises FolderInUse where another process has it open: `connect` reaches
    a store through its daemon.
    """
    from paasq._embedded_database import EmbeddedDatabase  # noqa: PLC0415  # the engine loads only where it runs
    from paasq_daemon.instance import Instance  # noqa: PLC0415  # as above

    store = EmbeddedDatabase(Instance.open(_folder(folder)))
    store.zone = zone
    return store


def connect(socket: StrPath | None = None, *, zone: str = DEFAULT_ZONE) -> Client:
    """The store whose daemon listens at `socket` (default: in the default folder). Raises DaemonUnavailable."""
    client = Client.connect(Path(socket) if socket is not None else socket_path(default_folder()))
    client.zone = zone
    return client


def connect_async(socket: StrPath | None = None, *, zone: str = DEFAULT_ZONE) -> AsyncClient:
    """The same for asyncio: `async with paasq.connect_async() as store` connects, and raises DaemonUnavailable."""
    from paasq_daemon.wire.async_client import AsyncClient  # noqa: PLC0415  # as above

    client = AsyncClient(Path(socket) if socket is not None else socket_path(default_folder()))
    client.zone = zone
    return client


def load(archive: StrPath, folder: StrPath | None = None) -> dict[str, Any]:
    """Make a store of an archive that `dump` wrote, whole and durable or not at all: in a folder that is new, empty or an empty
    store. Returns counts. Raises StoreError where it is damaged or the folder holds something; FolderInUse; FormatTooNew.
    """
    from paasq_daemon.archive.load import load_archive  # noqa: PLC0415  # as above

    return load_archive(Path(archive), _folder(folder))


def doctor(folder: StrPath | None = None, *, repair: bool = False) -> dict[str, Any]:
    """Examine a store that no process has open, part by part, and with `repair` mend it first.

    JSON: `sound`, and `parts` with what was found in each; of a repair also `before`, the same as it was, and what was done.
    Raises StoreError where there is no store, or it cannot be repaired; FolderInUse.
    """
    from paasq_daemon.services.examination import examine, examine_and_repair  # noqa: PLC0415  # as above

    return examine_and_repair(_folder(folder)) if repair else examine(_folder(folder))


def snapshot_schedule(folder: StrPath | None = None) -> dict[str, Any]:
    """The schedule by which a daemon takes snapshots of the store in `folder`, None where there is none, and how far it has come.

    It is read from files: no daemon need run. Raises StoreError where there is no store.
    """
    from paasq_daemon.services.snapshot_schedule import schedule_state  # noqa: PLC0415  # as above

    return schedule_state(_folder(folder))


def set_snapshot_schedule(
    rule: str | None,
    folder: StrPath | None = None,
    *,
    to: StrPath | None = None,
    key_file: StrPath | None = None,
    passphrase_file: StrPath | None = None,
    sign: StrPath | None = None,
) -> dict[str, Any]:
    """Set that schedule, such as `every 1h keep 24 hourly 7 daily`, or end it by None: what `snapshot_schedule` says then.

    `to` and the files of keys are as in `snapshot_create`. Raises SnapshotError where the rule is none, or the key is not that of
    the snapshots that are there already; StoreError where there is no store.
    """
    from paasq_daemon.services.snapshot_schedule import set_schedule  # noqa: PLC0415  # as above

    set_schedule(_folder(folder), rule, to=to, key_file=key_file, passphrase_file=passphrase_file, sign=sign)
    return snapshot_schedule(folder)


def __getattr__(name: str) -> Any:
    if name not in {"AsyncClient", "AsyncWatch"}:
        raise AttributeError(f"module 'paasq' has no attribute {name!r}")
    from paasq_daemon.wire import async_client  # noqa: PLC0415  # as above

    return getattr(async_client, name)


def _folder(given: StrPath | None) -> Path:
    return Path(given) if given is not None else default_folder()
