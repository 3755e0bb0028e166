"""Annotations: what is known of a snapshot beside its manifest, whose form is fixed: labels, and damage that it holds."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from blake3 import blake3

from paasq_daemon.snapshot.manifest import FILE_BYTES_MAX, Manifest, canonical_json
from paasq_daemon.snapshot.storage import ANNOTATIONS, UNFINISHED, Storage
from paasq_daemon.wire.errors import SnapshotError

LABEL_CHARS_MAX, LABELS_MAX = 200, 20
_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Annotation:
    """`snapshot` is the hash of the manifest; `damage` names what was damaged in the store when it was captured."""

    snapshot: str
    labels: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()

    def to_bytes(self) -> bytes:
        """Canonical JSON: the annotation and its BLAKE3."""
        fields = asdict(self)
        return canonical_json({"annotation": fields, "hash": blake3(canonical_json(fields)).hexdigest()})


def read_labels(labels: Iterable[str]) -> tuple[str, ...]:
    """The labels, without spaces around them. Raises SnapshotError where they are too many, too long, or not a line."""
    found = tuple(label.strip() for label in labels)
    if len(found) > LABELS_MAX or not all(0 < len(each) <= LABEL_CHARS_MAX and each.isprintable() for each in found):
        raise SnapshotError(
            f"a snapshot has up to {LABELS_MAX} labels of 1 to {LABEL_CHARS_MAX} printable characters", "shorten them"
        )
    return found


def write_annotation(storage: Storage, annotation: Annotation) -> None:
    """Write it durably, where it says anything. Before the manifest, so that a damaged snapshot is never without it."""
    if annotation.labels or annotation.damage:
        storage.write(_path(annotation.snapshot), annotation.to_bytes())
        storage.sync(ANNOTATIONS)


def read_annotation(storage: Storage, manifest: Manifest) -> Annotation:
    """An empty one where there is none. Raises SnapshotError where it was changed."""
    try:
        raw = storage.read(_path(manifest.hash), FILE_BYTES_MAX)
    except (FileNotFoundError, NotADirectoryError):
        return Annotation(manifest.hash)
    try:
        fields = json.loads(raw)["annotation"]
        found = Annotation(fields["snapshot"], tuple(fields["labels"]), tuple(fields["damage"]))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _changed(manifest) from error
    if found.to_bytes() != raw or found.snapshot != manifest.hash:
        raise _changed(manifest)
    return found


def remove_annotations(storage: Storage, kept: Iterable[Manifest]) -> None:
    """Remove those of all other snapshots, and what else stands beside their manifests: signatures."""
    hashes = {manifest.hash for manifest in kept}
    for name in storage.sizes(ANNOTATIONS):
        if name.partition(".")[0] not in hashes or name.endswith(UNFINISHED):
            storage.remove(f"{ANNOTATIONS}/{name}")


def _path(snapshot: str) -> str:
    return f"{ANNOTATIONS}/{snapshot}{_SUFFIX}"


def _changed(manifest: Manifest) -> SnapshotError:
    return SnapshotError(
        f"the annotation of snapshot {manifest.name!r} was changed", "its labels and damage are unknown: verify it"
    )
