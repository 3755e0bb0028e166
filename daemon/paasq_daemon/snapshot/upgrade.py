"""Bringing the store of a folder to the format of today, after a snapshot of what it was."""

from __future__ import annotations

from itertools import chain, count
from pathlib import Path

from paasq_daemon.snapshot.create import CreateOptions, capture
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.locate import SNAPSHOTS_NAME
from paasq_daemon.snapshot.manifest import list_manifests
from paasq_daemon.store.data_folder import FolderLock, is_read_only, read_format
from paasq_daemon.store.format1 import FORMAT, Format1Store, Format1View, require_whole
from paasq_daemon.store.migration import migrate
from paasq_daemon.wire.errors import StoreError

_NAME = "before-format-2"
_LABEL = f"the store as it was in format {FORMAT}"


def upgrade_store(folder: Path) -> None:
    """Where the store has format 1, make a snapshot `before-format-2` of it, verify that, and migrate. Does nothing otherwise.

    Raises FolderInUse, and StoreError where the folder cannot be written, the disk is too full, or the store is damaged: it stays
    as it is.
    """
    if read_format(folder) != FORMAT:
        return
    if is_read_only(folder):
        raise StoreError(
            f"the store in {folder} has format {FORMAT}, and is brought to the present one when it is first opened, which writes",
            "copy the folder to a disk that can be written, and open it there",
        )
    lock = FolderLock(folder)
    try:
        require_whole(folder)
        _keep_snapshot(folder)
        migrate(folder)
    except OSError as error:
        raise StoreError(
            f"the store in {folder} cannot be brought to the present format: {error.strerror}",
            "mend the disk, or the folder's owner and mode, and open it again: nothing is lost",
        ) from error
    finally:
        lock.release()


def _keep_snapshot(folder: Path) -> None:
    """One made by an attempt that was killed is used, where it is of this very state."""
    storage, source = LocalStorage(folder / SNAPSHOTS_NAME), Format1Store(folder)
    manifests = {manifest.name: manifest for manifest in list_manifests(storage)}
    with source.read() as view:
        state = (view.transaction_id, view.seq)
    if any(_NAME in name and (m.transaction_id, m.seq) == state for name, m in manifests.items()):
        return
    names = chain([_NAME], (f"{_NAME}-{number}" for number in count(2)))
    name = next(name for name in names if name not in manifests)
    capture(source, _no_damage, storage, name, CreateOptions(labels=(_LABEL,)))


def _no_damage(_: Format1View) -> list[str]:
    """It is known to be whole."""
    return []
