"""Deleting the snapshots that a policy does not keep."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from paasq_daemon.snapshot.annotation import read_annotation
from paasq_daemon.snapshot.garbage_collection import GarbageStats, delete_snapshots
from paasq_daemon.snapshot.manifest import Manifest, list_manifests
from paasq_daemon.snapshot.retention import RetentionPolicy, kept_by
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.wire.errors import SnapshotError

_SCHEDULED = re.compile(r"scheduled-\d{8}T\d{6}Z")


@dataclass(frozen=True, slots=True)
class PruneResult:
    """The names of the snapshots that were deleted, and of those that were kept, oldest first; what was freed."""

    deleted: list[str]
    kept: list[str]
    freed: GarbageStats


def scheduled_name(at: datetime) -> str:
    """The name of the snapshot that the schedule takes at this time, in UTC."""
    return f"scheduled-{at:%Y%m%dT%H%M%SZ}"


def prune(storage: Storage, policy: RetentionPolicy, *, named: bool = False, dry_run: bool = False) -> PruneResult:
    """Delete the scheduled snapshots that the policy does not keep; with `named` those that a person named, too.

    A damaged one keeps no period, so that it never replaces a sound one; nor is one deleted that cannot be read. `dry_run`
    deletes nothing and frees nothing. Raises SnapshotError as `delete_snapshots` does.
    """
    found = [each for each in list_manifests(storage) if named or _SCHEDULED.fullmatch(each.name)]
    kept = kept_by(policy, [each for each in found if _is_sound(storage, each)] or found)
    deleted = [each.name for each in found if each.name not in kept]
    freed = GarbageStats(0, 0) if dry_run or not deleted else delete_snapshots(storage, deleted)
    return PruneResult(deleted, [each.name for each in found if each.name in kept], freed)


def _is_sound(storage: Storage, manifest: Manifest) -> bool:
    try:
        return not read_annotation(storage, manifest).damage
    except SnapshotError:
        return False
