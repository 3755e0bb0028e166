"""Making a snapshot, while reading and writing go on."""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol, TypeVar

from paasq_daemon.snapshot.annotation import Annotation, read_labels, write_annotation
from paasq_daemon.snapshot.journal_archive import archive_up_to_snapshot
from paasq_daemon.snapshot.manifest import Manifest, has_snapshot, list_manifests, write_manifest
from paasq_daemon.snapshot.object_store import ObjectId, ObjectStore
from paasq_daemon.snapshot.packing_process import is_large, packing
from paasq_daemon.snapshot.page_packing import PACK_PAGES_MAX, PAGE_BYTES, Pack, Pages, runs
from paasq_daemon.snapshot.page_table import PageTable, read_table, write_entries
from paasq_daemon.snapshot.read_ahead import read_ahead
from paasq_daemon.snapshot.signature import read_signing_key, write_signature
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.store.content_digest import CountedView, logical_digest
from paasq_daemon.store.damage import find_damage
from paasq_daemon.store.damage_process import DamageProcess
from paasq_daemon.store.data_file_copy import DataFileCopy
from paasq_daemon.store.data_folder import STORE_NAME
from paasq_daemon.store.forget_receipts import read_receipts
from paasq_daemon.store.lmdb_environment import DATA_NAME
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import SnapshotError

OnProgress = Callable[[int], None]  # called with the bytes read so far

_PACKS_WAITING_MAX = 4
_WRITERS = 2  # threads
_TABLE_BYTES_PER_PAGE_MAX = 100  # of an incremental page table; a full one takes half of that, and is then written
_DAMAGE_SHOWN = 5


V = TypeVar("V", bound=CountedView)
V_co = TypeVar("V_co", bound=CountedView, covariant=True)


class SnapshotSource(Protocol[V_co]):
    """A store of any format."""

    def copy(self) -> AbstractContextManager[tuple[V_co, DataFileCopy]]:
        """A view, and the data file's pages as of its transaction."""
        ...


@dataclass(frozen=True, slots=True)
class CreateOptions:
    """`labels` say what the snapshot is for. `damaged` takes one of a damaged store too, and labels it so. `verify` reads
    back what was written, and checks that the rest is there. `sign` is the file of the key that it is signed by. `may_be_parent`
    says which snapshots it may take pages from; where it is None, these are all that were made since something was last
    forgotten: the pages of older ones may hold that. `archives`: the journal is archived up to it."""

    labels: tuple[str, ...] = ()
    damaged: bool = False
    verify: bool = True
    sign: Path | None = None
    may_be_parent: Callable[[Manifest], bool] | None = None
    archives: bool = True


def create_snapshot(
    store: Store,
    storage: Storage,
    name: str,
    options: CreateOptions = CreateOptions(),  # it is frozen
    on_progress: OnProgress | None = None,
) -> Manifest:
    """Make a snapshot of the store as it is now; see `capture`."""
    if options.may_be_parent is None:
        options = replace(options, may_be_parent=_made_after_last_forget(store))
    if not is_large((store.folder / STORE_NAME / DATA_NAME).stat().st_size):
        return capture(store, find_damage, storage, name, options, on_progress)
    with DamageProcess.start(store.folder / STORE_NAME) as process:
        searched = _SearchedStore(store, process)
        return capture(searched, lambda _: process.wait(), storage, name, options, on_progress)


@dataclass(frozen=True, slots=True)
class _SearchedStore:
    """A store, of which a process searches the very transaction that is copied."""

    store: Store
    process: DamageProcess

    @contextmanager
    def copy(self) -> Iterator[tuple[ReadView, DataFileCopy]]:
        self.process.get_ready()
        with self.store.copy(lambda view: self.process.begin(view.transaction_id)) as copied:
            yield copied


def capture(
    source: SnapshotSource[V],
    find_damage_in: Callable[[V], list[str]],
    storage: Storage,
    name: str,
    options: CreateOptions = CreateOptions(),
    on_progress: OnProgress | None = None,
) -> Manifest:
    """Make a snapshot of the store as it is now. Only pages that differ from the newest snapshot's are written.

    Durable when this returns; where it raises there is no snapshot, only objects that the next attempt uses, or that
    `delete_snapshots` removes. Raises SnapshotError where the name is taken or not allowed, another process works on the
    storage, entries of the store are damaged and `options` do not allow it, what was written does not verify, or there is no
    key to sign with.
    """
    labels = read_labels(options.labels)
    signing_key = None if options.sign is None else read_signing_key(options.sign)
    with storage.exclusive():
        if has_snapshot(storage, name):
            raise SnapshotError(f"there is a snapshot {name!r} already", "choose another name")
        objects = ObjectStore(storage)
        parent, before = _newest_whole(storage, objects, options.may_be_parent)
        with source.copy() as (view, pages), ThreadPoolExecutor(_WRITERS + 1, "paasq-snapshot") as workers:
            checking = workers.submit(find_damage_in, view)  # the only user of the view until it ends

            def go_on(bytes_read: int) -> None:
                if checking.done():
                    _require_allowed(checking.result(), options)
                if on_progress:
                    on_progress(bytes_read)

            capture = _Capture(objects, before, workers)
            capture.read(pages, go_on)
            damage = checking.result()
            _require_allowed(damage, options)
            manifest = _describe(name, view, capture, parent)
            if options.archives and isinstance(
                view, ReadView
            ):  # else the store is of format 1, and is about to be migrated
                archive_up_to_snapshot(storage, view, manifest)
        objects.sync()
        if options.verify:
            _verify_written(storage, manifest, capture)
        annotation = Annotation(manifest.hash, labels, tuple(damage))
        write_annotation(storage, annotation)
        if signing_key is not None:
            write_signature(storage, manifest, annotation, signing_key)
        write_manifest(storage, manifest)
        return manifest


class _Capture:
    """Notes the pages of a data file in a new page table, and writes packs of those that are not in the one before."""

    def __init__(self, objects: ObjectStore, before: PageTable, writers: ThreadPoolExecutor) -> None:
        self.objects = objects
        self.table = PageTable(packs=list(before.packs))
        self.changed: list[int] = []
        self.written: list[ObjectId] = []
        self._before = before
        self._writers = writers
        self._writing: deque[Future[tuple[ObjectId, bool]]] = deque()

    def read(self, source: DataFileCopy, on_progress: OnProgress) -> None:
        with packing(source, self._before.hashes) as parts:
            for part in parts:
                if isinstance(part, Pack):
                    self._writing.append(self._writers.submit(self.objects.put_stored, part.stored))
                    if len(self._writing) > _PACKS_WAITING_MAX:
                        self._take_written()
                else:
                    self._add(part)
                    on_progress(len(self.table) * PAGE_BYTES)
        while self._writing:
            self._take_written()

    def put(self, content: bytes) -> ObjectId:
        """Write an object that is no pack of pages."""
        return self._note(*self.objects.put(content))

    def _add(self, pages: Pages) -> None:
        first = len(self.table)
        table, before = self.table, self._before
        table.hashes += pages.hashes
        for start, end in runs(pages.same):
            here = slice(first + start, first + end)
            if pages.same[start]:
                table.pack += before.pack[here]
                table.slot += before.slot[here]
            else:
                count = len(self.changed)
                self.changed += range(first + start, first + end)
                places = range(count, len(self.changed))
                table.pack += array("I", [len(before.packs) + place // PACK_PAGES_MAX for place in places])
                table.slot += array("I", [place % PACK_PAGES_MAX for place in places])

    def _take_written(self) -> None:
        self.table.packs.append(self._note(*self._writing.popleft().result()))

    def _note(self, name: ObjectId, written: bool) -> ObjectId:
        if written:
            self.written.append(name)
        return name


def _made_after_last_forget(store: Store) -> Callable[[Manifest], bool]:
    with store.read() as view:
        receipts = read_receipts(view)
    if any(receipt.finished_us is None for receipt in receipts):
        return lambda _: False
    seq = max((receipt.seq for receipt in receipts), default=0)
    finished_us = max((receipt.finished_us or 0 for receipt in receipts), default=0)
    since = datetime.fromtimestamp(finished_us / 1e6, UTC).isoformat(timespec="microseconds")
    return lambda manifest: manifest.seq >= seq and manifest.created > since


def _newest_whole(
    storage: Storage, objects: ObjectStore, may_be_parent: Callable[[Manifest], bool] | None
) -> tuple[Manifest | None, PageTable]:
    """The newest of these snapshots whose objects all exist, and its table; None and an empty table where there is none."""
    for manifest in filter(may_be_parent, reversed(list_manifests(storage))):
        try:
            table = read_table(objects, manifest.tables, manifest.page_count)
            for pack in table.used_packs():
                objects.check_size(pack)
        except SnapshotError:
            continue  # `verify` reports it; here it only costs space
        return manifest, table
    return None, PageTable()


def _require_allowed(damage: list[str], options: CreateOptions) -> None:
    if damage and not options.damaged:
        more = f", and {len(damage) - _DAMAGE_SHOWN} more" if len(damage) > _DAMAGE_SHOWN else ""
        raise SnapshotError(
            f"the store is damaged, and so would the snapshot be: {', '.join(damage[:_DAMAGE_SHOWN])}{more}",
            "restore an earlier snapshot; or take this one all the same, labelled as damaged: "
            "`paasq snapshot create NAME --damaged`",
        )


def _verify_written(storage: Storage, manifest: Manifest, capture: _Capture) -> None:
    """Read back and hash what was written, and check that all else is there with its size. Raises SnapshotError."""
    objects = ObjectStore(storage)
    for _, read in read_ahead(objects.read_stored, capture.written):
        read.result()
    for each in (*manifest.tables, *capture.table.used_packs()):
        objects.check_size(each)


def _describe(name: str, view: CountedView, capture: _Capture, parent: Manifest | None) -> Manifest:
    """Write the page table, in full where the parent's parts have grown larger than that, and make the manifest."""
    table = capture.table
    inherited = parent.tables if parent else ()
    added = write_entries(capture.put, table, capture.changed)
    if sum(part.size_bytes for part in (*inherited, *added)) > _TABLE_BYTES_PER_PAGE_MAX * len(table) or not inherited:
        inherited, added = (), write_entries(capture.put, table, range(len(table)))
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
        new_bytes=sum(each.size_bytes for each in capture.written),
        store_format=view.store_format,
    )
