"""Restoring a snapshot into a new folder."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from paasq_daemon.snapshot.annotation import read_annotation
from paasq_daemon.snapshot.manifest import Manifest, read_manifest
from paasq_daemon.snapshot.object_store import ObjectStore
from paasq_daemon.snapshot.page_packing import PAGE_BYTES
from paasq_daemon.snapshot.page_table import PageTable, read_table
from paasq_daemon.snapshot.read_ahead import read_ahead
from paasq_daemon.snapshot.signature import require_signer
from paasq_daemon.snapshot.storage import MANIFESTS, OBJECTS, Storage
from paasq_daemon.store.data_folder import FORMAT_NAME, STORE_NAME, require_known
from paasq_daemon.store.new_folder import building_folder, resolved
from paasq_daemon.store.origin import Origin, write_origin
from paasq_daemon.store.restore_data_file import write_data_file
from paasq_daemon.wire.errors import SnapshotError
from paasq_dsl.values import format_time, parse_time


def restore_snapshot(storage: Storage, name: str, into: Path, signers: Sequence[Ed25519PublicKey] = ()) -> Manifest:
    """Make `into`, which must be new or empty, the data folder that the snapshot holds, its indexes aside.

    Every page is verified. Durable when this returns; where it raises or is killed, `into` is as it was before. Raises
    SnapshotError where a page fails, `into` lies inside a data folder or a folder of snapshots, or there are `signers` and none
    of them signed it; StoreError where it cannot be made; FormatTooNew where a newer paasq wrote the snapshot or its store.
    """
    manifest = read_manifest(storage, name)
    require_known(manifest.store_format, f"the store in snapshot {name!r}")
    if signers:
        require_signer(storage, manifest, signers)
    require_outside(into)
    with building_folder(into) as folder:
        unpack_snapshot(storage, manifest, folder)
        write_origin(
            folder, describe_origin(storage, manifest, manifest.seq, format_time(parse_time(manifest.created)))
        )
    return manifest


def describe_origin(
    storage: Storage, manifest: Manifest, seq: int, moment: str | None, archive: tuple[int, int] | None = None
) -> Origin:
    """What is kept in a store that is restored now, from this snapshot and from these transactions of the archive."""
    try:
        damage = read_annotation(storage, manifest).damage
    except SnapshotError as error:
        damage = (error.message,)
    now = format_time(int(time.time()) * 1_000_000)
    return Origin(seq, moment, manifest.name, manifest.hash, storage.address, now, archive, seq < manifest.seq, damage)


def unpack_snapshot(storage: Storage, manifest: Manifest, folder: Path) -> None:
    """Fill an empty folder with the data folder that the snapshot holds, each page verified, nothing synced.

    Raises as `restore_snapshot` does.
    """
    require_known(manifest.store_format, f"the store in snapshot {manifest.name!r}")
    table = read_verified_table(ObjectStore(storage), manifest)
    with write_data_file(folder, manifest.store_format) as file:
        _write_pages(ObjectStore(storage), table, file)


def read_verified_table(objects: ObjectStore, manifest: Manifest) -> PageTable:
    """Raises SnapshotError where the page table does not have the root that the manifest states."""
    table = read_table(objects, manifest.tables, manifest.page_count)
    if table.root() != manifest.root or manifest.page_bytes != PAGE_BYTES:
        raise SnapshotError(f"the page table of snapshot {manifest.name!r} was changed", "use another snapshot")
    return table


def require_outside(into: Path) -> None:
    """Raises SnapshotError where `into` lies in a data folder or a folder of snapshots."""
    for folder in resolved(into).parents:
        if (folder / FORMAT_NAME).is_file() and (folder / STORE_NAME).exists():
            raise SnapshotError(f"{into} lies inside the store's own folder {folder}", "restore beside it")
        if (folder / MANIFESTS).is_dir() and (folder / OBJECTS).is_dir():
            raise SnapshotError(f"{into} lies inside the folder of snapshots {folder}", "restore beside it")


def _write_pages(objects: ObjectStore, table: PageTable, file: BinaryIO) -> None:
    file.truncate(len(table) * PAGE_BYTES)
    pages_of = dict(table.pages_by_pack())
    for pack, found_pack in read_ahead(objects.get, pages_of):
        content = memoryview(found_pack.result())
        for page in pages_of[pack]:
            start = table.slot[page] * PAGE_BYTES
            found = content[start : start + PAGE_BYTES]
            if blake3(found).digest() != table.hash_of(page):
                raise SnapshotError(f"page {page} is not the one that was captured", "use another snapshot")
            file.seek(page * PAGE_BYTES)
            file.write(found)
