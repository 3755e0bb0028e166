"""What is told of a snapshot: its manifest and annotation, with its parent by name; or why it cannot be used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from paasq_daemon.snapshot.annotation import read_annotation
from paasq_daemon.snapshot.manifest import Manifest, list_manifests, manifest_names, read_manifest
from paasq_daemon.snapshot.signature import fingerprint, signer_of
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.wire.errors import FormatTooNew, SnapshotError
from paasq_dsl.values import format_time, parse_time


@dataclass(frozen=True, slots=True)
class SnapshotInfo:
    """`parent` is the name of the snapshot that it shares pages with, None where that is gone: it is whole without it.

    `damage` names what was damaged in the store when it was captured, `signed_by` the key of a signature that fits: whether
    it is one to be trusted is not known here. Where `problem` says why the snapshot cannot be
    used and `created` is None, only the name is known.
    """

    name: str
    created: str | None = None  # ISO 8601, UTC
    seq: int = 0
    collections: dict[str, int] | None = None
    page_count: int | None = None
    page_bytes: int | None = None
    new_bytes: int | None = None
    digest: str | None = None
    parent: str | None = None
    labels: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()
    signed_by: str | None = None
    problem: str | None = None


def list_snapshots(storage: Storage) -> list[SnapshotInfo]:
    """All snapshots, oldest first; those whose manifest is damaged or of a newer format come last, with their problem."""
    sound, problems = [], []
    for name in manifest_names(storage):
        try:
            sound.append(read_manifest(storage, name))
        except (SnapshotError, FormatTooNew) as error:
            problems.append(SnapshotInfo(name, problem=error.message))
    sound.sort(key=lambda manifest: (manifest.created, manifest.seq))
    return [_describe(storage, manifest, sound) for manifest in sound] + problems


def describe_snapshot(storage: Storage, manifest: Manifest) -> SnapshotInfo:
    """What `list_snapshots` says of one."""
    return _describe(storage, manifest, list_manifests(storage) if manifest.parent else ())


def _describe(storage: Storage, manifest: Manifest, known: Iterable[Manifest]) -> SnapshotInfo:
    problem = None
    labels: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()
    signer = None
    try:
        annotation = read_annotation(storage, manifest)
        labels, damage = annotation.labels, annotation.damage
        signer = signer_of(storage, manifest)
    except SnapshotError as error:
        problem = error.message
    return SnapshotInfo(
        name=manifest.name,
        created=format_time(parse_time(manifest.created)),
        seq=manifest.seq,
        collections=manifest.collections,
        page_count=manifest.page_count,
        page_bytes=manifest.page_bytes,
        new_bytes=manifest.new_bytes,
        digest=manifest.digest,
        parent=next((each.name for each in known if each.hash == manifest.parent), None),
        labels=labels,
        damage=damage,
        signed_by=fingerprint(signer) if signer else None,
        problem=problem,
    )
