"""Making a snapshot, while reading and writing go on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from blake3 import blake3

from paasq_daemon.snapshot.manifest import Manifest, list_manifests, manifest_path, target_lock, write_manifest
from paasq_daemon.snapshot.object_store import ObjectId, ObjectStore
from paasq_daemon.snapshot.page_table import PACK_PAGES_MAX, PAGE_BYTES, PageTable, read_table, write_entries
from paasq_daemon.store.content_digest import logical_digest
from paasq_daemon.store.layout import STORE_FORMAT_VERSION
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import SnapshotError

OnProgress = Callable[[int], None]  # called with the bytes read so far

_CHUNK_BYTES = 1 << 20
_PACKS_WAITING_MAX = 4
_PACKERS = 2  # threads that compress
_TABLE_BYTES_PER_PAGE_MAX = 100  # of an incremental page table; a full one takes half of that, and is then written


def create_snapshot(store: Store, target: Path, name: str, on_progress: OnProgress | None = None) -> Manifest:
    """Make a snapshot of the store as it is now. Only pages that differ from the newest snapshot's are written.

    Durable when this returns; where it raises there is no snapshot, only objects that `collect_garbage` removes. Raises
    SnapshotError where the name is taken or not allowed, or another process works on `target`.
    """
    with target_lock(target):
        if manifest_path(target, name).exists():
            raise SnapshotError(f"there is a snapshot {name!r} already", "choose another name")
        objects = ObjectStore(target)
        parent, before = _newest_whole(target, objects)
        with store.copy() as (view, stream), ThreadPoolExecutor(_PACKERS, "paasq-pack") as packers:
            capture = _Capture(objects, before, packers)
            capture.read(stream, on_progress)
            manifest = _describe(name, view, capture, parent)
        objects.sync()
        write_manifest(target, manifest)
        return manifest


class _Capture:
    """Reads a data file page by page into a new page table, and packs the pages that are not in the one before."""

    def __init__(self, objects: ObjectStore, before: PageTable, packers: ThreadPoolExecutor) -> None:
        self.objects = objects
        self.table = PageTable(packs=list(before.packs))
        self.changed: list[int] = []
        self.new_bytes = 0
        self._before = before
        self._packers = packers
        self._packing: deque[Future[ObjectId]] = deque()
        self._pack = bytearray()
        self._number = len(before.packs)

    def read(self, stream: BinaryIO, on_progress: OnProgress | None) -> None:
        while chunk := stream.read(_CHUNK_BYTES):
            if len(chunk) % PAGE_BYTES:
                raise SnapshotError("the copy of the data file ended inside a page", "try again")
            pages = memoryview(chunk)
            for start in range(0, len(chunk), PAGE_BYTES):
                self._add(pages[start : start + PAGE_BYTES])
            if on_progress:
                on_progress(len(self.table) * PAGE_BYTES)
        self._close_pack()
        while self._packing:
            self._take_packed()

    def _add(self, page: memoryview) -> None:
        table, before, number = self.table, self._before, len(self.table)
        digest = blake3(page).digest()
        table.hashes += digest
        if number < len(before) and digest == before.hash_of(number):
            table.pack.append(before.pack[number])
            table.slot.append(before.slot[number])
            return
        table.pack.append(self._number)
        table.slot.append(len(self._pack) // PAGE_BYTES)
        self._pack += page
        self.changed.append(number)
        if len(self._pack) == PACK_PAGES_MAX * PAGE_BYTES:
            self._close_pack()

    def _close_pack(self) -> None:
        if self._pack:
            self._packing.append(self._packers.submit(self.objects.put, self._pack))
            self._pack = bytearray()
            self._number += 1
        if len(self._packing) > _PACKS_WAITING_MAX:
            self._take_packed()

    def _take_packed(self) -> None:
        pack = self._packing.popleft().result()
        self.new_bytes += pack.size_bytes
        self.table.packs.append(pack)


def _newest_whole(target: Path, objects: ObjectStore) -> tuple[Manifest | None, PageTable]:
    """The newest snapshot whose objects all exist, and its table; None and an empty table where there is none."""
    for manifest in reversed(list_manifests(target)):
        try:
            table = read_table(objects, manifest.tables, manifest.page_count)
            for pack in table.used_packs():
                objects.check_size(pack)
        except SnapshotError:
            continue  # `verify` reports it; here it only costs space
        return manifest, table
    return None, PageTable()


def _describe(name: str, view: ReadView, capture: _Capture, parent: Manifest | None) -> Manifest:
    """Write the page table, in full where the parent's parts have grown larger than that, and make the manifest."""
    table, objects = capture.table, capture.objects
    inherited = parent.tables if parent else ()
    added = write_entries(objects, table, capture.changed)
    if sum(part.size_bytes for part in (*inherited, *added)) > _TABLE_BYTES_PER_PAGE_MAX * len(table) or not inherited:
        inherited, added = (), write_entries(objects, table, range(len(table)))
    catalog = view.catalog
    return Manifest(
        name=name,
        created=datetime.now(UTC).isoformat(timespec="microseconds"),
        parent=parent.hash if parent else None,
        root=table.root(),
        page_bytes=PAGE_BYTES,
        page_count=len(table),
        tables=(*inherited, *added),
        seq=view.seq,
        transaction_id=view.transaction_id,
        collections={c.name: view.live_count(c.id) for c in catalog.collections.values()},
        digest=logical_digest(view),
        new_bytes=capture.new_bytes + sum(part.size_bytes for part in added),
        store_format=STORE_FORMAT_VERSION,
    )
