"""Where the commands on snapshots find them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from paasq_daemon.cli.open_database import folder_of

if TYPE_CHECKING:
    from paasq_daemon.snapshot.storage import Storage


def open_snapshots(from_: str | None, data: Path | None) -> Storage:
    """The storage that `--from` names, else the data folder's. Raises SnapshotError where there are no snapshots."""
    from paasq_daemon.snapshot.locate import find_storage

    return find_storage(str(folder_of(data)) if from_ is None else from_)


def absolute_address(where: str) -> str:
    """A path as a daemon, which runs in another folder, finds it; a URL as it is."""
    return where if "://" in where else str(Path(where).expanduser().absolute())
