"""Examining a data folder, and repairing it: the whole of what `paasq doctor` does."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from paasq_daemon.services.doctor import diagnose
from paasq_daemon.services.repair import rebuild_indexes, repair
from paasq_daemon.store.data_folder import STORE_NAME, FolderLock
from paasq_daemon.wire.errors import StoreError


def examine(folder: Path) -> dict[str, Any]:
    """What is found in a store that no process has open, part by part, in JSON; nothing is changed.

    Raises StoreError where there is no store, FolderInUse where a process has it open.
    """
    with _held(folder):
        return diagnose(folder).to_json()


def examine_and_repair(folder: Path) -> dict[str, Any]:
    """Mend what is found: what is found afterwards, with `before`, what was found, and what the `repair` did.

    Raises as `examine` does, and StoreError where the disk has no room for a copy, or nothing can be made of what is left.
    """
    with _held(folder):
        before = diagnose(folder)
        done = repair(folder, before)
    if not before.is_sound:
        done.indexes = rebuild_indexes(folder)
    return {"before": before.to_json(), "repair": done.to_json(), **examine(folder)}


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """A folder that cannot be written needs no lock."""
    if not (folder / STORE_NAME).is_dir():
        raise StoreError(f"there is no store in {folder}", "name another folder")
    lock = FolderLock(folder) if os.access(folder, os.W_OK) else None
    try:
        yield
    finally:
        if lock is not None:
            lock.release()
