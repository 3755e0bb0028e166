"""Snapshots of the data folder, kept in its folder `snapshots` or elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from paasq_daemon.snapshot.create import CreateOptions, create_snapshot
from paasq_daemon.snapshot.encryption_key import KeySource, environment_key
from paasq_daemon.snapshot.garbage_collection import delete_snapshots
from paasq_daemon.snapshot.journal_archive import archive_journal
from paasq_daemon.snapshot.listing import SnapshotInfo, describe_snapshot, list_snapshots
from paasq_daemon.snapshot.locate import open_storage, own_storage
from paasq_daemon.snapshot.manifest import Manifest, list_manifests, read_manifest
from paasq_daemon.snapshot.moment import Moment
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.restore_moment import restore_moment
from paasq_daemon.snapshot.schedule import Progress, read_progress, read_schedule
from paasq_daemon.snapshot.signature import read_signers
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.snapshot.verify import Verification, VerifyDepth, verify_snapshot
from paasq_daemon.store.origin import Origin, read_origin
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import SnapshotError
from paasq_dsl.values import format_time


def snapshots_report(folder: Path, now_s: float) -> dict[str, Any]:
    """JSON: how many snapshots lie in the data folder (None where they cannot be read), when the last one was made, there or by
    the schedule, and how many seconds ago; the rule of the schedule, and why it last failed."""
    try:
        schedule, progress = read_schedule(folder), read_progress(folder)
        rule, problem = schedule and schedule.rule, progress.error or progress.archive_error
    except SnapshotError as error:
        progress, rule, problem = Progress(), None, error.message
    try:
        made: list[Manifest] | None = list_manifests(own_snapshots(folder))
    except SnapshotError as error:
        made, problem = None, problem or error.message
    times_s = [datetime.fromisoformat(each.created).timestamp() for each in made or ()]
    if progress.taken_s is not None:
        times_s.append(progress.taken_s)
    last_s: float | None = max(times_s) if times_s else None
    return {
        "count": None if made is None else len(made),
        "last": None if last_s is None else format_time(int(last_s * 1_000_000)),
        "age_s": None if last_s is None else round(max(0.0, now_s - last_s), 1),
        "schedule": rule,
        "problem": problem,
    }


class SnapshotService:
    """Every method may be called from any thread, and raises SnapshotError where another one adds or removes a snapshot."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def open_storage(self) -> Storage:
        """As `own_snapshots`."""
        return own_snapshots(self._store.folder)

    def create(
        self,
        name: str,
        options: CreateOptions | None = None,
        to: str | None = None,
        key: KeySource | None = None,
    ) -> SnapshotInfo:
        """Make a snapshot, in the storage that the path or URL `to` names where it is given; with `key`, an encrypted one.

        Raises SnapshotError where the name is taken, or none that a snapshot may have, or the store is damaged, or encrypted
        and plain snapshots would come to lie in one place.
        """
        storage = self._place(to, key)
        return describe_snapshot(storage, create_snapshot(self._store, storage, name, options or CreateOptions()))

    def list(self) -> list[SnapshotInfo]:
        """Oldest first; those that cannot be used come last, with the reason."""
        return list_snapshots(self.open_storage())

    def verify(self, name: str, depth: int = 2) -> Verification:
        """As `verify_in`, in the data folder."""
        return verify_in(self.open_storage(), name, depth)

    def delete(self, name: str) -> dict[str, Any]:
        """As `delete_in`, in the data folder."""
        return delete_in(self.open_storage(), name)

    def restore(self, name: str | None, into: Path, at: Moment | None = None) -> dict[str, Any]:
        """As `restore_from`, from the data folder."""
        return restore_from(self.open_storage(), name, into, at)

    def archive(self, to: str | None = None, key: KeySource | None = None) -> dict[str, Any]:
        """Archive the journal beside the snapshots, in the storage that `to` names where it is given: what was written, in JSON.

        Raises SnapshotError where the archive there does not reach this store, or `key` does not open it.
        """
        storage = self._place(to, key)
        done = archive_journal(self._store, storage)
        if done is None:
            raise SnapshotError(
                f"the journal archived in {storage.address} does not reach this store",
                "take a snapshot there, which begins it: `paasq snapshot create NAME`",
            )
        return {**asdict(done), "damage": list(done.damage)}

    def _place(self, to: str | None, key: KeySource | None) -> Storage:
        if to is not None:
            return open_storage(to, key)
        return self.open_storage() if key is None else own_storage(self._store.folder, key)


def own_snapshots(folder: Path) -> Storage:
    """The snapshots in a data folder, opened by the key of the environment, or by that of its schedule.

    Raises SnapshotError where they are encrypted, and neither opens them.
    """
    try:
        schedule = read_schedule(folder)
    except SnapshotError:
        schedule = None  # it is damaged, which the daemon says
    if environment_key() is None and schedule is not None and schedule.to is None and schedule.key is not None:
        return own_storage(folder, replace(schedule.key, ambient=True))
    return own_storage(folder)


def verify_in(storage: Storage, name: str, depth: int = 2, signers: Sequence[Path] = ()) -> Verification:
    """`depth` 1: chain and sizes; 2: every byte hashed; 3: restored to a scratch folder and compared. `signers` are files of
    public keys, one of which must have signed it, where there are any.

    Raises SnapshotError where there is no such snapshot; damage is a finding.
    """
    return verify_snapshot(storage, name, list(VerifyDepth)[depth - 1], signers=read_signers(signers))


def delete_in(storage: Storage, name: str) -> dict[str, Any]:
    """Free what only this snapshot needed, and what snapshots that were never finished left: how much, in JSON.

    Raises SnapshotError where there is no such snapshot.
    """
    swept = delete_snapshots(storage, [name])
    return {"deleted": name, "objects": swept.objects, "freed_bytes": swept.size_bytes}


def restore_from(
    storage: Storage, name: str | None, into: Path, at: Moment | None = None, signers: Sequence[Path] = ()
) -> dict[str, Any]:
    """Restore a snapshot, or with `at` a moment, from the snapshot of that name or from any; in JSON the snapshot, and the
    `origin` of the new store. `signers` are files of public keys, one of which must have signed the snapshot, where there are
    any; the archived journal is then not used, since it is not signed.

    Raises SnapshotError where neither is given, the moment is not held, or `into` lies inside a data folder; StoreError where
    it is no new or empty folder.
    """
    if at is not None:
        manifest = read_manifest(storage, restore_moment(storage, at, into, name, read_signers(signers)).snapshot)
    elif name is not None:
        manifest = restore_snapshot(storage, name, into, read_signers(signers))
    else:
        raise SnapshotError("neither a snapshot nor a moment is named", "name one of them")
    origin = read_origin(into)
    return {**snapshot_to_json(describe_snapshot(storage, manifest)), "origin": origin and origin_to_json(origin)}


def snapshot_to_json(info: SnapshotInfo) -> dict[str, Any]:
    """What clients see of a snapshot."""
    return {**asdict(info), "labels": list(info.labels), "damage": list(info.damage)}


def origin_to_json(origin: Origin) -> dict[str, Any]:
    """What clients see of where a restored store came from."""
    return {**asdict(origin), "archive": origin.archive and list(origin.archive), "damage": list(origin.damage)}


def verification_to_json(verification: Verification) -> dict[str, Any]:
    """What clients see of a verification; `ok` is true where nothing was found."""
    return {**asdict(verification), "depth": str(verification.depth), "ok": not verification.findings}
