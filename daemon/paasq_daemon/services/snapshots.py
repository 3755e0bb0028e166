"""Snapshots of the data folder, kept in its folder `snapshots` or elsewhere."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from paasq_daemon.snapshot.create import CreateOptions, create_snapshot
from paasq_daemon.snapshot.garbage_collection import delete_snapshots
from paasq_daemon.snapshot.listing import SnapshotInfo, describe_snapshot, list_snapshots
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.locate import SNAPSHOTS_NAME, open_storage
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.snapshot.verify import Verification, VerifyDepth, verify_snapshot
from paasq_daemon.store.store import Store


class SnapshotService:
    """Every method may be called from any thread, and raises SnapshotError where another one adds or removes a snapshot."""

    def __init__(self, store: Store) -> None:
        self.storage: Storage = LocalStorage(store.folder / SNAPSHOTS_NAME)
        self._store = store

    def create(self, name: str, options: CreateOptions | None = None, to: str | None = None) -> SnapshotInfo:
        """Make a snapshot, in the storage that the path or URL `to` names where it is given.

        Raises SnapshotError where the name is taken, or none that a snapshot may have, or the store is damaged.
        """
        storage = self.storage if to is None else open_storage(to)
        return describe_snapshot(storage, create_snapshot(self._store, storage, name, options or CreateOptions()))

    def list(self) -> list[SnapshotInfo]:
        """Oldest first; those that cannot be used come last, with the reason."""
        return list_snapshots(self.storage)

    def verify(self, name: str, depth: int = 2) -> Verification:
        """As `verify_in`, in the data folder."""
        return verify_in(self.storage, name, depth)

    def delete(self, name: str) -> dict[str, Any]:
        """As `delete_in`, in the data folder."""
        return delete_in(self.storage, name)

    def restore(self, name: str, into: Path) -> SnapshotInfo:
        """As `restore_from`, from the data folder."""
        return restore_from(self.storage, name, into)


def verify_in(storage: Storage, name: str, depth: int = 2) -> Verification:
    """`depth` 1: chain and sizes; 2: every byte hashed; 3: restored to a scratch folder and compared.

    Raises SnapshotError where there is no such snapshot; damage is a finding.
    """
    return verify_snapshot(storage, name, list(VerifyDepth)[depth - 1])


def delete_in(storage: Storage, name: str) -> dict[str, Any]:
    """Free what only this snapshot needed, and what snapshots that were never finished left: how much, in JSON.

    Raises SnapshotError where there is no such snapshot.
    """
    swept = delete_snapshots(storage, [name])
    return {"deleted": name, "objects": swept.objects, "freed_bytes": swept.size_bytes}


def restore_from(storage: Storage, name: str, into: Path) -> SnapshotInfo:
    """Raises SnapshotError where `into` lies inside a data folder, StoreError where it is no new or empty folder."""
    return describe_snapshot(storage, restore_snapshot(storage, name, into))


def snapshot_to_json(info: SnapshotInfo) -> dict[str, Any]:
    """What clients see of a snapshot."""
    return {**asdict(info), "labels": list(info.labels), "damage": list(info.damage)}


def verification_to_json(verification: Verification) -> dict[str, Any]:
    """What clients see of a verification; `ok` is true where nothing was found."""
    return {**asdict(verification), "depth": str(verification.depth), "ok": not verification.findings}
