"""Manifests: what a snapshot is. A snapshot exists when its manifest does."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from blake3 import blake3

from paasq_daemon.snapshot.object_store import ObjectId
from paasq_daemon.snapshot.storage import MANIFESTS, Storage
from paasq_daemon.wire.errors import FormatTooNew, SnapshotError

SNAPSHOT_FORMAT = 1
FILE_BYTES_MAX = 16 << 20  # of a manifest, and of what stands beside it
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
        return blake3(canonical_json(asdict(self))).hexdigest()

    def to_bytes(self) -> bytes:
        """Canonical JSON: sorted keys, no spaces; the manifest and its hash."""
        return canonical_json({"manifest": asdict(self), "hash": self.hash})


def read_manifest(storage: Storage, name: str) -> Manifest:
    """Raises SnapshotError where there is none of that name, or it was changed; FormatTooNew where a newer paasq wrote it."""
    try:
        raw = storage.read(_path(name), FILE_BYTES_MAX)
    except (FileNotFoundError, NotADirectoryError):
        raise no_such_snapshot(storage, name) from None
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


def no_such_snapshot(storage: Storage, name: str) -> SnapshotError:
    """The error of a name that no snapshot has; its hint lists the newest five."""
    known = ", ".join(repr(m.name) for m in list_manifests(storage)[-5:])
    return SnapshotError(
        f"there is no snapshot {name!r} in {storage.address}", f"there are: {known}" if known else "there is none yet"
    )


def write_manifest(storage: Storage, manifest: Manifest) -> None:
    """Write the manifest atomically and durably: from then on the snapshot exists. Its objects must be durable before."""
    storage.write(_path(manifest.name), manifest.to_bytes())
    storage.sync(MANIFESTS)


def remove_manifest(storage: Storage, name: str) -> None:
    """From then on the snapshot does not exist. Raises SnapshotError where there is none of that name."""
    require_snapshot(storage, name)
    storage.remove(_path(name))
    storage.sync(MANIFESTS)


def require_snapshot(storage: Storage, name: str) -> None:
    """Raises SnapshotError where no snapshot, not even a damaged one, has this name."""
    if not has_snapshot(storage, name):
        raise no_such_snapshot(storage, name)


def has_snapshot(storage: Storage, name: str) -> bool:
    """Whether there is a manifest of this name, whole or damaged. Raises SnapshotError where no snapshot may have it."""
    return storage.exists(_path(name))


def list_manifests(storage: Storage) -> list[Manifest]:
    """The snapshots that can be used, oldest first. Damaged and newer ones are in `list_snapshots`."""
    manifests = []
    for name in manifest_names(storage):
        try:
            manifests.append(read_manifest(storage, name))
        except (SnapshotError, FormatTooNew):
            continue
    return sorted(manifests, key=lambda manifest: (manifest.created, manifest.seq))


def manifest_names(storage: Storage) -> list[str]:
    """The names of all snapshots, damaged ones too."""
    names = [name.removesuffix(_SUFFIX) for name in storage.sizes(MANIFESTS) if name.endswith(_SUFFIX)]
    return sorted(name for name in names if _NAME.fullmatch(name))


def _path(name: str) -> str:
    """Raises SnapshotError where the name is not one that a snapshot may have."""
    if not _NAME.fullmatch(name):
        raise SnapshotError(
            f"a snapshot cannot be named {name[:120]!r}",
            "use up to 100 of the letters a to z, digits, spaces, - _ and . , with a letter or digit first",
        )
    return f"{MANIFESTS}/{name}{_SUFFIX}"


def canonical_json(data: dict[str, Any]) -> bytes:
    """JSON with sorted keys and no spaces, in UTF-8: equal data has equal bytes."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _changed(name: str) -> SnapshotError:
    return SnapshotError(
        f"the manifest of snapshot {name!r} was changed", "use another snapshot, and look after the disk"
    )
