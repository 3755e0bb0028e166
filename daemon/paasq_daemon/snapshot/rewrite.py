"""Taking forgotten records out of snapshots: each is restored, changed, and made anew under its name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from paasq_daemon.snapshot.annotation import LABELS_MAX, Annotation, read_annotation, write_annotation
from paasq_daemon.snapshot.create import CreateOptions, create_snapshot
from paasq_daemon.snapshot.garbage_collection import delete_snapshots
from paasq_daemon.snapshot.journal_archive import mark_again
from paasq_daemon.snapshot.manifest import (
    has_snapshot,
    list_manifests,
    manifest_names,
    read_manifest,
    remove_manifest,
    write_manifest,
)
from paasq_daemon.snapshot.restore import unpack_snapshot
from paasq_daemon.snapshot.storage import OBJECTS, Storage
from paasq_daemon.snapshot.verify import SCRATCH_PREFIX
from paasq_daemon.store.format1 import FORMAT as FORMAT1
from paasq_daemon.store.migration import migrate
from paasq_daemon.store.new_folder import scratch_folder
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import PaasqError, SnapshotError
from paasq_dsl.values import format_time

_UNFINISHED_NAME = "rewriting-unfinished"  # of a new snapshot until it takes the place of the old one
_LABEL = "rewritten "  # begins the label that says when
_SCRATCH_PREFIX = "rewrite-"


@dataclass
class RewrittenSnapshots:
    """The names of those that were made anew, and why others could not be, by name."""

    rewritten: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)


def snapshots_since(storage: Storage, seq: int) -> list[str]:
    """The names of the snapshots of this sequence number or a later one, oldest first, and then of those that cannot be read."""
    sound = list_manifests(storage)
    later = [manifest.name for manifest in sound if manifest.seq >= seq and manifest.name != _UNFINISHED_NAME]
    unreadable = set(manifest_names(storage)) - {manifest.name for manifest in sound}
    return [*later, *sorted(unreadable)]


def rewrite_snapshots(
    storage: Storage, names: Iterable[str], change: Callable[[Store], bool], *, only_changed: bool
) -> RewrittenSnapshots:
    """Make these snapshots anew without what `change` takes out of the store that each holds, which says whether there was any;
    where there was none too, since pages may have bytes of it; with `only_changed` those before the first that had some stay as
    they are. They keep their names, times and labels,
    with one more that says when they were rewritten, and share pages among each other only.

    Killed, each is the old one or the new one. What cannot be rewritten stays as it is.
    """
    done = RewrittenSnapshots()
    _remove_unfinished(storage)
    for name in names:
        try:
            if _rewrite(
                storage, name, change, frozenset(done.rewritten), only_changed=only_changed and not done.rewritten
            ):
                done.rewritten.append(name)
        except PaasqError as error:
            done.failed[name] = error.message
    return done


def remove_leftovers(storage: Storage) -> None:
    """Remove what belongs to no snapshot: objects of those that were never finished, or were made anew, and what a verify that
    was killed had unpacked. Raises SnapshotError where a snapshot is being made, or one is damaged so that what it needs is
    unknown."""
    if not (storage.sizes(OBJECTS) or manifest_names(storage)):
        return
    _remove_unfinished(storage)
    for prefix in (SCRATCH_PREFIX, _SCRATCH_PREFIX):
        with scratch_folder(storage.scratch, prefix):
            pass
    delete_snapshots(storage, ())


def _rewrite(
    storage: Storage, name: str, change: Callable[[Store], bool], parents: frozenset[str], *, only_changed: bool
) -> bool:
    manifest = read_manifest(storage, name)
    annotation = read_annotation(storage, manifest)
    if annotation.damage:
        raise SnapshotError(f"snapshot {name!r} is of a damaged store", "delete it")
    with scratch_folder(storage.scratch, _SCRATCH_PREFIX) as scratch:
        unpack_snapshot(storage, manifest, scratch)
        if manifest.store_format == FORMAT1:
            migrate(scratch)
        with Store.open(scratch, sync=False) as store:
            if not change(store) and only_changed:
                return False
            store.rewrite()
            options = CreateOptions(may_be_parent=lambda made: made.name in parents, archives=False)
            unfinished = create_snapshot(store, storage, _UNFINISHED_NAME, options)
    new = replace(unfinished, name=name, created=manifest.created)
    with storage.exclusive():
        mark_again(storage, manifest, new)
        write_annotation(storage, Annotation(new.hash, _labels(annotation)))
        write_manifest(storage, new)
        remove_manifest(storage, unfinished.name)
    return True


def _labels(annotation: Annotation) -> tuple[str, ...]:
    kept = [label for label in annotation.labels if not label.startswith(_LABEL)]
    return (*kept[: LABELS_MAX - 1], _LABEL + format_time(int(time.time()) * 1_000_000))


def _remove_unfinished(storage: Storage) -> None:
    if has_snapshot(storage, _UNFINISHED_NAME):
        remove_manifest(storage, _UNFINISHED_NAME)
