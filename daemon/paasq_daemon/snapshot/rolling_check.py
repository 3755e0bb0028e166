"""The rolling check: each day a thirtieth of all objects of a storage is read and hashed."""

from __future__ import annotations

from dataclasses import dataclass, field

from paasq_daemon.snapshot.journal_check import check_chosen
from paasq_daemon.snapshot.manifest import Manifest, manifest_names, read_manifest
from paasq_daemon.snapshot.object_store import ObjectId, ObjectStore
from paasq_daemon.snapshot.restore import read_verified_table
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.wire.errors import FormatTooNew, SnapshotError

PARTS = 30


@dataclass(slots=True)
class PartCheck:
    """What was read of one part, segments among the objects, and what is wrong, with the snapshots that it touches."""

    objects: int = 0
    size_bytes: int = 0
    findings: list[str] = field(default_factory=list)


def check_part(storage: Storage, part: int) -> PartCheck:
    """Check one of the `PARTS` parts that objects and segments of the archived journal are split into by their hashes, every
    manifest and page table, and that no segment is lost.

    An object that several snapshots share is read once. Snapshots of a newer format are left out.
    """
    done, objects = PartCheck(), ObjectStore(storage)
    users: dict[ObjectId, list[str]] = {}
    sound: list[Manifest] = []
    for name in manifest_names(storage):
        try:
            manifest = read_manifest(storage, name)
            for pack in read_verified_table(objects, manifest).used_packs():
                users.setdefault(pack, []).append(name)
            sound.append(manifest)
        except FormatTooNew:
            continue
        except SnapshotError as error:
            done.findings.append(f"{name}: {error.message}")
    for pack, names in users.items():
        try:
            if int(pack.hash[:8], 16) % PARTS == part:
                objects.read_stored(pack)
                done.objects += 1
                done.size_bytes += pack.size_bytes
            else:
                objects.check_size(pack)
        except SnapshotError as error:
            done.findings.append(f"{', '.join(names)}: {error.message}")
    journal = check_chosen(storage, sound, lambda segment: int(segment.hash[:8], 16) % PARTS == part)
    done.objects += journal.segments
    done.findings += journal.findings
    return done
