"""Bringing the store of a folder to the format of today, after a snapshot of what it was."""

from __future__ import annotations

import logging
import time
from itertools import chain, count
from pathlib import Path

from paasq_daemon.snapshot.create import CreateOptions, capture
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.locate import SNAPSHOTS_NAME
from paasq_daemon.snapshot.manifest import list_manifests
from paasq_daemon.store.data_folder import FolderLock, is_read_only, read_format
from paasq_daemon.store.format1 import FORMAT, Format1Store, Format1View, require_whole
from paasq_daemon.store.layout import STORE_FORMAT_VERSION
from paasq_daemon.store.migration import migrate
from paasq_daemon.wire.errors import StoreError

_NAME = "before-format-2"
_LABEL = f"the store as it was in format {FORMAT}"
_TELL_EVERY_S = 3.0

_log = logging.getLogger(__name__)


def upgrade_store(folder: Path) -> None:
    """Where the store has format 1, make a snapshot `before-format-2` of it, verify that, and migrate. Does nothing otherwise.

    What is done is logged as it goes on, since it takes as long as the store is large.

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
        started_s = time.monotonic()
        with Format1Store(folder).read() as view:
            _log.info(
                "the store in %s has format %d, and is brought to format %d: %s records in %s versions, after a snapshot",
                folder, FORMAT, STORE_FORMAT_VERSION, f"{view.count('keys'):,}", f"{view.count('records'):,}",
            )  # fmt: skip
        _log.info(
            "the store as it was is kept in the snapshot %r in %s", _keep_snapshot(folder), folder / SNAPSHOTS_NAME
        )
        migrate(folder, _Copied())
        _log.info(
            "the store in %s has format %d now, after %.1f s",
            folder,
            STORE_FORMAT_VERSION,
            time.monotonic() - started_s,
        )
    except OSError as error:
        raise StoreError(
            f"the store in {folder} cannot be brought to the present format: {error.strerror}",
            "mend the disk, or the folder's owner and mode, and open it again: nothing is lost",
        ) from error
    finally:
        lock.release()


class _Copied:
    """Tells how far the copy is, every few seconds and at its end."""

    def __init__(self) -> None:
        self._told_s = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if done == total or time.monotonic() - self._told_s >= _TELL_EVERY_S:
            self._told_s = time.monotonic()
            what = "; now the copy is compared with them" if done == total else ""
            _log.info("copied %s of %s versions of records%s", f"{done:,}", f"{total:,}", what)


def _keep_snapshot(folder: Path) -> str:
    """Its name. One made by an attempt that was killed is used, where it is of this very state."""
    storage, source = LocalStorage(folder / SNAPSHOTS_NAME), Format1Store(folder)
    manifests = {manifest.name: manifest for manifest in list_manifests(storage)}
    with source.read() as view:
        state = (view.transaction_id, view.seq)
    made = next((name for name, m in manifests.items() if _NAME in name and (m.transaction_id, m.seq) == state), None)
    if made is not None:
        return made
    names = chain([_NAME], (f"{_NAME}-{number}" for number in count(2)))
    name = next(name for name in names if name not in manifests)
    capture(source, _no_damage, storage, name, CreateOptions(labels=(_LABEL,)))
    return name


def _no_damage(_: Format1View) -> list[str]:
    """It is known to be whole."""
    return []
