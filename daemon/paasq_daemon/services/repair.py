"""Repairing a store that no process has open: what is derived is built anew, and what is stored is put together again."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Any, Self

from paasq_daemon.index.index_folder import INDEX_NAME
from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.index.text_documents import text_fields
from paasq_daemon.services.doctor import Diagnosis
from paasq_daemon.services.snapshots import own_snapshots
from paasq_daemon.snapshot.manifest import Manifest, list_manifests
from paasq_daemon.snapshot.restore import unpack_snapshot
from paasq_daemon.store.data_folder import STORE_NAME, fsync_folder, make_folder
from paasq_daemon.store.format1 import FORMAT as FORMAT_1
from paasq_daemon.store.lmdb_environment import DATA_NAME, LMDB_LOCK_NAME, open_environment, translating_errors
from paasq_daemon.store.mend import Donor, Mended, Mender
from paasq_daemon.store.migration import migrate
from paasq_daemon.store.new_folder import scratch_folder
from paasq_daemon.store.open_data_file import open_readonly_view
from paasq_daemon.store.salvage import salvage_entries
from paasq_daemon.store.store import Store
from paasq_daemon.store.tables import make_bare_tables
from paasq_daemon.wire.errors import FormatTooNew, SnapshotError, StoreError

REPAIR_NAME = (
    "repair"  # the folder beside the store that a repair works in, and that holds the damaged data file in the end
)
_SCRATCH_PREFIX = "unfinished-"


@dataclass
class Repair:
    """`indexes` counts collections whose indexes were built anew; `kept` is the damaged data file, if there was one."""

    mended: Mended = field(default_factory=Mended)
    found_again: int = 0
    indexes: int = 0
    kept: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        kept = None if self.kept is None else str(self.kept)
        return {**asdict(self.mended), "found_again": self.found_again, "indexes": self.indexes, "damaged_file": kept}


def repair(folder: Path, diagnosis: Diagnosis) -> Repair:
    """Mend what was found. The caller holds the lock of the folder.

    The data file is replaced by one rename, once the new one is whole and durable: a kill leaves the old or the new one.
    Raises StoreError where the disk has no room for a copy, or nothing can be made of what is left.
    """
    done = Repair()
    try:
        if (folder / REPAIR_NAME).is_dir():
            with scratch_folder(folder / REPAIR_NAME, _SCRATCH_PREFIX):
                pass  # which removes what a repair that was killed left
        if not diagnosis.is_data_sound:
            _require_room(folder)
            _rebuild_data_file(folder, done)
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be repaired: {error.strerror}", "mend the disk, its owner or its mode, and repair again"
        ) from error
    return done


def rebuild_indexes(folder: Path) -> int:
    """Remove what is derived and build it from the records; the number of collections. Takes the lock of the folder."""
    with Store.open(folder) as store:
        shutil.rmtree(folder / INDEX_NAME, ignore_errors=True)
        indexes = Indexes(folder, store)
        try:
            with indexes.read() as view:
                for collection in view.catalog.collections.values():
                    if text_fields(collection) and collection.id in view.snapshots:
                        view.collection(collection.name).text.words_with_prefix(text_fields(collection)[0].name, "", 1)
                return len(view.snapshots)
        finally:
            indexes.close()


def _rebuild_data_file(folder: Path, done: Repair) -> None:
    data_file = folder / STORE_NAME / DATA_NAME
    work = folder / REPAIR_NAME
    work.mkdir(mode=0o700, exist_ok=True)
    with scratch_folder(work, _SCRATCH_PREFIX) as made, _Snapshots(folder, made) as snapshots:
        new = made / STORE_NAME
        new.mkdir(mode=0o700)
        with closing(open_environment(new, sync=False)) as environment, translating_errors():
            tables = make_bare_tables(environment)
            salvage = salvage_entries(data_file, environment, tables)
            done.found_again = salvage.found_again
            with environment.begin(write=True) as txn:
                mender = Mender(txn, tables, salvage.damaged)
                for donor in snapshots:
                    if not (wanted := mender.wanted()):
                        break
                    mender.restore_entries(donor, wanted)
                mender.finish(snapshots, time.time_ns() // 1_000)
                done.mended = mender.done
                if salvage.lacks_newest:
                    done.mended.lost.append(
                        "maybe what was written last: a header of the data file is damaged, and the other one leads to "
                        f"sequence number {mender.seq}"
                    )
            environment.sync(True)
        done.kept = _unused_name(work)
        os.link(data_file, done.kept)
        (new / DATA_NAME).replace(data_file)
        (folder / STORE_NAME / LMDB_LOCK_NAME).unlink(missing_ok=True)  # its readers are of the file that is gone
        fsync_folder(data_file.parent)
        fsync_folder(work)


def _unused_name(work: Path) -> Path:
    """For the damaged file, by the time; a number is added where one was kept in the same second."""
    stamp = work / f"damaged-{time.strftime('%Y%m%d-%H%M%S')}"
    names = chain([f"{stamp}.mdb"], (f"{stamp}-{number}.mdb" for number in count(2)))
    return next(path for path in map(Path, names) if not path.exists())


class _Snapshots:
    """The store's snapshots, the newest first, each restored once and only when it is asked for. Those that cannot be used are
    left out."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self._storage = own_snapshots(folder)
        self._scratch = scratch
        self._open = ExitStack()
        self._restored: list[Donor] = []
        self._manifests: Iterator[Manifest] = iter(())

    def __enter__(self) -> Self:
        self._manifests = reversed(list_manifests(self._storage))
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def __iter__(self) -> Iterator[Donor]:
        yield from self._restored
        for manifest in self._manifests:
            into = self._scratch / f"snapshot{len(self._restored)}"
            try:
                make_folder(into)
                unpack_snapshot(self._storage, manifest, into)
                if manifest.store_format == FORMAT_1:
                    migrate(into)
                view = self._open.enter_context(open_readonly_view(into))
            except (SnapshotError, FormatTooNew, StoreError, OSError):
                shutil.rmtree(into, ignore_errors=True)
                continue
            self._restored.append((manifest.name, view))
            yield self._restored[-1]


def _require_room(folder: Path) -> None:
    needed = (folder / STORE_NAME / DATA_NAME).stat().st_size
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StoreError(
            f"a repair makes a copy of {needed:,} bytes, and {needed - free:,} are missing on the disk",
            "free some space, or copy the folder to a larger disk and repair it there",
        )
