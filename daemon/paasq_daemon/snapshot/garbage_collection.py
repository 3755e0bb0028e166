"""Removing snapshots, and the objects that no snapshot needs any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from paasq_daemon.snapshot.annotation import remove_annotations
from paasq_daemon.snapshot.journal_retention import remove_unneeded
from paasq_daemon.snapshot.manifest import (
    Manifest,
    manifest_names,
    read_manifest,
    remove_manifest,
    require_snapshot,
)
from paasq_daemon.snapshot.object_store import ObjectStore
from paasq_daemon.snapshot.page_table import read_table
from paasq_daemon.snapshot.storage import MANIFESTS, OBJECTS, UNFINISHED, Storage


@dataclass(frozen=True, slots=True)
class GarbageStats:
    """How many objects and segments of the archived journal were removed, and their bytes."""

    objects: int
    size_bytes: int


def delete_snapshots(storage: Storage, names: Iterable[str]) -> GarbageStats:
    """Remove snapshots, and then all objects that no other one needs, those of snapshots that were never finished included,
    and the archived journal before the oldest that stays.

    Raises SnapshotError where there is no snapshot of a name; and, before anything is removed, where the manifest or page
    table of one that stays is damaged: what it needs is unknown.
    """
    with storage.exclusive():
        doomed = set(names)
        for name in doomed:
            require_snapshot(storage, name)
        needed = _needed(storage, doomed)
        for name in doomed:
            remove_manifest(storage, name)
        return _sweep(storage, needed)


@dataclass(frozen=True, slots=True)
class _Needed:
    objects: set[str]
    manifests: list[Manifest]


def _needed(storage: Storage, doomed: set[str]) -> _Needed:
    objects, hashes, kept = ObjectStore(storage), set[str](), list[Manifest]()
    for name in manifest_names(storage):
        if name not in doomed:
            manifest = read_manifest(storage, name)
            table = read_table(objects, manifest.tables, manifest.page_count)
            hashes |= {part.hash for part in (*manifest.tables, *table.used_packs())}
            kept.append(manifest)
    return _Needed(hashes, kept)


def _sweep(storage: Storage, needed: _Needed) -> GarbageStats:
    unneeded = {name: size for name, size in storage.sizes(OBJECTS).items() if name not in needed.objects}
    for name in unneeded:
        storage.remove(f"{OBJECTS}/{name}")
    for name in storage.sizes(MANIFESTS):
        if name.endswith(UNFINISHED):
            storage.remove(f"{MANIFESTS}/{name}")
    remove_annotations(storage, needed.manifests)
    segments, segment_bytes = remove_unneeded(storage, needed.manifests)
    return GarbageStats(len(unneeded) + segments, sum(unneeded.values()) + segment_bytes)
