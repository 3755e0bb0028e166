"""Restoring a snapshot into a new folder."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from paasq_daemon.snapshot.manifest import Manifest, read_manifest
from paasq_daemon.snapshot.object_store import ObjectStore
from paasq_daemon.snapshot.page_table import PAGE_BYTES, PageTable, read_table
from paasq_daemon.store.data_folder import require_known
from paasq_daemon.store.import_data_file import write_new_data_file
from paasq_daemon.wire.errors import SnapshotError


def restore_snapshot(target: Path, name: str, into: Path) -> Manifest:
    """Make `into`, which must be new or empty, the data folder that the snapshot holds, its indexes aside.

    Every page is verified. Durable when this returns. Raises SnapshotError where a page fails, and leaves the folder empty then;
    FormatTooNew where a newer paasq wrote it.
    """
    manifest = read_manifest(target, name)
    require_known(manifest.store_format, f"the store in snapshot {name!r}")
    objects = ObjectStore(target)
    table = read_verified_table(objects, manifest)
    with write_new_data_file(into, manifest.store_format) as file:
        _write_pages(objects, table, file)
    return manifest


def read_verified_table(objects: ObjectStore, manifest: Manifest) -> PageTable:
    """Raises SnapshotError where the page table does not have the root that the manifest states."""
    table = read_table(objects, manifest.tables, manifest.page_count)
    if table.root() != manifest.root or manifest.page_bytes != PAGE_BYTES:
        raise SnapshotError(f"the page table of snapshot {manifest.name!r} was changed", "use another snapshot")
    return table


def _write_pages(objects: ObjectStore, table: PageTable, file: BinaryIO) -> None:
    file.truncate(len(table) * PAGE_BYTES)
    for pack, pages in table.pages_by_pack():
        content = memoryview(objects.get(pack))
        for page in pages:
            start = table.slot[page] * PAGE_BYTES
            found = content[start : start + PAGE_BYTES]
            if blake3(found).digest() != table.hash_of(page):
                raise SnapshotError(f"page {page} is not the one that was captured", "use another snapshot")
            file.seek(page * PAGE_BYTES)
            file.write(found)
