"""Snapshots of the data folder, kept in its folder `snapshots`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from paasq_daemon.snapshot.create import create_snapshot
from paasq_daemon.snapshot.garbage_collection import collect_garbage, delete_snapshot
from paasq_daemon.snapshot.manifest import Manifest, list_manifests
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.verify import Verification, VerifyDepth, verify_snapshot
from paasq_daemon.store.data_folder import require_path
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import SnapshotError

_SUMMARY = ("name", "created", "seq", "collections", "page_count", "page_bytes", "new_bytes", "digest", "parent")


class SnapshotService:
    """Every method may be called from any thread, and raises SnapshotError where another one adds or removes a snapshot."""

    def __init__(self, store: Store) -> None:
        self.folder = store.folder / "snapshots"
        self._store = store

    def create(self, name: str) -> Manifest:
        """Raises SnapshotError where the name is taken, or none that a snapshot may have."""
        return create_snapshot(self._store, self.folder, name)

    def list(self) -> list[Manifest]:
        """Oldest first; those whose manifest is damaged are left to `verify`."""
        return list_manifests(self.folder)

    def verify(self, name: str, depth: int = 2) -> Verification:
        """`depth` 1: chain and sizes; 2: every byte hashed; 3: restored to a scratch folder and compared.

        Raises SnapshotError where there is no such snapshot; damage is a finding.
        """
        return verify_snapshot(self.folder, name, list(VerifyDepth)[depth - 1])

    def delete(self, name: str) -> dict[str, Any]:
        """Free what only this snapshot needed, and what snapshots that were never finished left: how much, in JSON.

        Raises SnapshotError where there is no such snapshot.
        """
        delete_snapshot(self.folder, name)
        swept = collect_garbage(self.folder)
        return {"deleted": name, "objects": swept.objects, "freed_bytes": swept.size_bytes}

    def restore(self, name: str, into: Path) -> Manifest:
        """Raises SnapshotError where `into` lies inside the data folder, StoreError where it is no new or empty folder."""
        require_path(into)
        if into.resolve().is_relative_to(self._store.folder.resolve()):
            raise SnapshotError(f"{into} lies inside the store's own folder", "restore into a folder beside it")
        return restore_snapshot(self.folder, name, into)


def manifest_to_json(manifest: Manifest) -> dict[str, Any]:
    """What clients see of a snapshot."""
    return {name: getattr(manifest, name) for name in _SUMMARY}


def verification_to_json(verification: Verification) -> dict[str, Any]:
    """What clients see of a verification; `ok` is true where nothing was found."""
    return {**asdict(verification), "depth": str(verification.depth), "ok": not verification.findings}
