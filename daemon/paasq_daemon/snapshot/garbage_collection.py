"""Removing snapshots, and the objects that no snapshot needs any more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from paasq_daemon.snapshot.manifest import manifest_names, manifest_path, no_such_snapshot, read_manifest, target_lock
from paasq_daemon.snapshot.object_store import ObjectStore
from paasq_daemon.snapshot.page_table import read_table
from paasq_daemon.store.data_folder import fsync_folder


@dataclass(frozen=True, slots=True)
class GarbageStats:
    """How many objects were removed, and their bytes."""

    objects: int
    size_bytes: int


def delete_snapshot(target: Path, name: str) -> None:
    """Remove a snapshot; `collect_garbage` then frees what only it needed. Raises SnapshotError where there is none."""
    with target_lock(target):
        path = manifest_path(target, name)
        if not path.exists():
            raise no_such_snapshot(target, name)
        path.unlink()
        fsync_folder(path.parent)


def collect_garbage(target: Path) -> GarbageStats:
    """Remove all objects that no snapshot needs, those of snapshots that were never finished included.

    Raises SnapshotError, and removes nothing, where a manifest or page table is damaged: what it needs is unknown.
    """
    with target_lock(target):
        objects = ObjectStore(target)
        needed: set[str] = set()
        for name in manifest_names(target):
            manifest = read_manifest(target, name)
            table = read_table(objects, manifest.tables, manifest.page_count)
            needed |= {part.hash for part in (*manifest.tables, *table.used_packs())}
        unneeded = [path for path in objects.files() if path.name not in needed]
        swept = GarbageStats(len(unneeded), sum(path.stat().st_size for path in unneeded))
        for path in unneeded:
            path.unlink()
        for path in (target / "manifests").glob("*.new"):
            path.unlink()
        return swept
