"""Putting a rewritten data file in the place of the one in use, by one rename, while reading and writing go on."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import lmdb

from paasq_daemon.store.data_file import DataFile
from paasq_daemon.store.data_file_rewrite import (
    Between,
    Change,
    DataFileRewrite,
    RecordingTable,
    RewriteResult,
    recording,
)
from paasq_daemon.store.data_file_size import measure_data_file
from paasq_daemon.store.data_folder import STORE_NAME, fsync_folder
from paasq_daemon.store.disk_space import FULL_DISK, Reserve
from paasq_daemon.store.group_commit import Writer
from paasq_daemon.store.lmdb_environment import (
    DATA_NAME,
    LMDB_LOCK_NAME,
    in_words,
    is_permanent_failure,
    open_environment,
)
from paasq_daemon.store.new_folder import scratch_folder
from paasq_daemon.store.tables import make_bare_tables
from paasq_daemon.wire.errors import DiskFull, StoreError

UNFINISHED_PREFIX = "rewrite-"  # of the folder beside the store's that the copy is made in
_ROOM_LEFT_BYTES = 4 << 20  # on the disk, for the store's own writes meanwhile
_KEYS_FEW = 1_000  # so many are brought up to date while writes wait
_ROUNDS_MAX = 10


def remove_unfinished(folder: Path) -> None:
    """Remove what a rewrite left that was killed. The caller holds the lock of the data folder."""
    for left in folder.glob(UNFINISHED_PREFIX + "*"):
        shutil.rmtree(left, ignore_errors=True)


@dataclass(frozen=True)
class DataFileSwap:
    """Rewrites the data file of `folder`. `take` is called with the new one while nothing is committed, once it is in place."""

    folder: Path
    writer: Writer
    current: DataFile
    reserve: Reserve | None
    take: Callable[[DataFile], None]
    sync: bool

    def run(self, change: Change | None, between: Between) -> RewriteResult:
        """Raises StoreError, DiskFull where there is no room, and what `between` raises: then the old file stays in use."""
        with self._translating_errors():
            with self.current.environment.begin() as txn:
                size = measure_data_file(self._path, txn, self.current.tables)
            self._require_room(size.file - size.free)

        def go_on() -> None:
            self._require_room(0)
            between()

        # the errors are put in words before the folder is removed, so that what is missing on the disk is known
        with scratch_folder(self.folder, UNFINISHED_PREFIX) as made, self._translating_errors(), ExitStack() as undo:
            environment = open_environment(made, sync=self.sync)
            undo.callback(environment.close)
            target = DataFile(environment, make_bare_tables(environment))
            rewrite = DataFileRewrite(self.current.tables, target, change, go_on)
            recorders = self._copy(rewrite, undo)
            self._catch_up(rewrite, recorders, go_on)
            fsync_folder(made)
            paused_s = self._swap(rewrite, recorders, made, undo)
        self.current.retire()
        return RewriteResult(size.file, self._path.stat().st_size, rewrite.entries, paused_s)

    def _copy(self, rewrite: DataFileRewrite, undo: ExitStack) -> tuple[RecordingTable, ...]:
        """Copy what there is now; what the returned tables record has changed since."""
        followed, recorders = recording(self.current.tables)
        with ExitStack() as reading:
            with self.writer.paused():
                undo.callback(self._write_as_before)
                self.writer.use(self.current.environment, followed)
                txn = reading.enter_context(self.current.environment.begin())
            rewrite.copy(txn)
        return recorders

    def _catch_up(self, rewrite: DataFileRewrite, recorders: tuple[RecordingTable, ...], go_on: Between) -> None:
        """Bring over what has changed, until little has."""
        for _ in range(_ROUNDS_MAX):
            if sum(len(table.changed) for table in recorders) <= _KEYS_FEW:
                break
            with ExitStack() as reading:
                with self.writer.paused():
                    changed = _take_changed(recorders)
                    txn = reading.enter_context(self.current.environment.begin())
                rewrite.follow(txn, changed)
            go_on()

    def _swap(
        self, rewrite: DataFileRewrite, recorders: tuple[RecordingTable, ...], made: Path, undo: ExitStack
    ) -> float:
        """Bring over the rest while writes wait, and put the copy in its place. Returns how many seconds they waited."""
        with self.writer.paused():
            started = time.perf_counter()
            with self.current.environment.begin() as txn:
                rewrite.follow(txn, _take_changed(recorders))
                rewrite.compare(txn)
            (made / LMDB_LOCK_NAME).replace(self._path.with_name(LMDB_LOCK_NAME))
            (made / DATA_NAME).replace(self._path)  # from here on there is only the new one
            undo.pop_all()
            self.writer.use(rewrite.target.environment, rewrite.target.tables)
            self.take(rewrite.target)
            self._sync_names(made)
            return time.perf_counter() - started

    def _write_as_before(self) -> None:
        with self.writer.paused():
            self.writer.use(self.current.environment, self.current.tables)

    @property
    def _path(self) -> Path:
        return self.folder / STORE_NAME / DATA_NAME

    def _sync_names(self, made: Path) -> None:
        """Where that fails, a power cut could bring the old file back: nothing more is acknowledged then."""
        try:
            fsync_folder(self._path.parent)
            fsync_folder(made)
        except OSError as error:
            failure = StoreError(
                f"the disk failed while the data file was replaced ({error.strerror})",
                "reads go on; look after the disk, then open the store again",
            )
            self.writer.refuse(failure)
            raise failure from error

    def _require_room(self, needed: int) -> None:
        if self._missing_bytes(needed) and not (
            self.reserve is not None and self.reserve.release() and not self._missing_bytes(needed)
        ):
            raise self._no_room(needed)

    def _missing_bytes(self, needed: int) -> int:
        return max(0, needed + _ROOM_LEFT_BYTES - shutil.disk_usage(self.folder).free)

    def _no_room(self, needed: int = 0) -> DiskFull:
        missing = max(self._missing_bytes(needed), os.sysconf("SC_PAGE_SIZE"))
        return DiskFull(
            f"the disk has no room to rewrite the data file: about {missing:,} bytes are missing, and nothing is changed",
            "free some space, and try again",
            missing,
        )

    @contextmanager
    def _translating_errors(self) -> Iterator[None]:
        try:
            yield
        except lmdb.Error as error:
            if not is_permanent_failure(error):
                raise in_words(error) from error
            if self._missing_bytes(0) or error.code in FULL_DISK:
                raise self._no_room() from error
            raise StoreError(
                f"the disk failed under the new data file, and the old one stays ({error})", "mend the disk"
            ) from error
        except OSError as error:
            if error.errno in FULL_DISK:
                raise self._no_room() from error
            raise StoreError(
                f"the data file cannot be rewritten: {error.strerror}", "mend the folder's owner and mode, or the disk"
            ) from error


def _take_changed(recorders: tuple[RecordingTable, ...]) -> list[set[bytes]]:
    changed = [set(table.changed) for table in recorders]
    for table in recorders:
        table.changed.clear()
    return changed
