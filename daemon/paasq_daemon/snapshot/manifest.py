"""Manifests: what a snapshot is. A snapshot exists when its manifest does."""

from __future__ import annotations

import fcntl
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from blake3 import blake3

from paasq_daemon.snapshot.object_store import ObjectId
from paasq_daemon.store.data_folder import write_atomically
from paasq_daemon.wire.errors import FormatTooNew, SnapshotError

SNAPSHOT_FORMAT = 1
_MANIFEST_BYTES_MAX = 16 << 20
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9 ._-]{0,98}[A-Za-z0-9_-])?")
_SUFFIX = ".json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """One snapshot.

    `root` is the Merkle root over the hashes of the data file's pages; `parent` the hash of the manifest that it took
    unchanged pages from, if any; `seq` and `transaction_id` say which moment it holds. `digest` is the store's logical
    digest, `collections` counts live records by collection name, `new_bytes` is the size of the objects written for it.
    """

    name: str
    created: str  # ISO 8601, UTC
    parent: str | None
    root: str
    page_bytes: int
    page_count: int
    tables: tuple[ObjectId, ...]
    seq: int
    transaction_id: int
    collections: dict[str, int]
    digest: str
    new_bytes: int
    store_format: int
    snapshot_format: int = SNAPSHOT_FORMAT

    @property
    def hash(self) -> str:
        """BLAKE3 of the canonical JSON, in hexadecimal."""
        return blake3(_canonical(asdict(self))).hexdigest()

    def to_bytes(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces; the manifest and its hash."""
        return _canonical({"manifest": asdict(self), "hash": self.hash})


def read_manifest(target: Path, name: str) -> Manifest:
    """Raises SnapshotError where there is none of that name, or it was changed; FormatTooNew where a newer paasq wrote it."""
    path = manifest_path(target, name)
    try:
        with path.open("rb") as file:
            raw = file.read(_MANIFEST_BYTES_MAX)
    except FileNotFoundError:
        raise no_such_snapshot(target, name) from None
    try:
        fields: dict[str, Any] = json.loads(raw)["manifest"]
        if fields["snapshot_format"] > SNAPSHOT_FORMAT:
            raise FormatTooNew(
                f"snapshot {name!r} has format {fields['snapshot_format']}, and this paasq knows formats up to "
                f"{SNAPSHOT_FORMAT}",
                "use the paasq that made it, or a newer one",
            )
        tables = tuple(ObjectId(**table) for table in fields["tables"])
        manifest = Manifest(**{**fields, "tables": tables})
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _changed(name) from error
    if manifest.to_bytes() != raw or manifest.name != name:
        raise _changed(name)
    return manifest


def no_such_snapshot(target: Path, name: str) -> SnapshotError:
    """The error of a name that no snapshot has; its hint lists the newest five."""
    known = ", ".join(repr(m.name) for m in list_manifests(target)[-5:])
    return SnapshotError(
        f"there is no snapshot {name!r} in {target}", f"there are: {known}" if known else "there is none yet"
    )


def write_manifest(target: Path, manifest: Manifest) -> None:
    """Write the manifest atomically and durably: from then on the snapshot exists. Its objects must be durable before."""
    path = manifest_path(target, manifest.name)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    write_atomically(path, manifest.to_bytes())


def list_manifests(target: Path) -> list[Manifest]:
    """The snapshots of a target folder, oldest first. Damaged and newer manifests are left to `verify_snapshot`."""
    manifests = []
    for name in manifest_names(target):
        try:
            manifests.append(read_manifest(target, name))
        except (SnapshotError, FormatTooNew):
            continue
    return sorted(manifests, key=lambda manifest: (manifest.created, manifest.seq))


def manifest_names(target: Path) -> list[str]:
    """The names of all snapshots, damaged ones too."""
    folder = target / "manifests"
    names = [path.name.removesuffix(_SUFFIX) for path in folder.glob("*" + _SUFFIX)] if folder.exists() else []
    return sorted(name for name in names if _NAME.fullmatch(name))


def manifest_path(target: Path, name: str) -> Path:
    """Raises SnapshotError where the name is not one that a snapshot may have."""
    if not _NAME.fullmatch(name):
        raise SnapshotError(
            f"a snapshot cannot be named {name[:120]!r}",
            "use up to 100 of the letters a to z, digits, spaces, - _ and . , with a letter or digit first",
        )
    return target / "manifests" / (name + _SUFFIX)


@contextmanager
def target_lock(target: Path) -> Iterator[None]:
    """One process at a time adds to a target folder or removes from it. Raises SnapshotError where another does."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (target / "lock").open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SnapshotError(
                f"another snapshot is being made or removed in {target}", "try again when it is done"
            ) from None
        yield


def _canonical(data: dict[str, Any]) -> bytes:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _changed(name: str) -> SnapshotError:
    return SnapshotError(
        f"the manifest of snapshot {name!r} was changed", "use another snapshot, and look after the disk"
    )
