"""The store: one data folder, opened by one process, read by many threads and written by one."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

import lmdb

from paasq_daemon.store.check_stamp import CheckStamp, suspect_stamp, write_stamp
from paasq_daemon.store.data_file import DataFile
from paasq_daemon.store.data_file_copy import DataFileCopy
from paasq_daemon.store.data_file_header import Meta, read_metas
from paasq_daemon.store.data_file_rewrite import Between, Change, RewriteResult
from paasq_daemon.store.data_file_size import DataFileSize, measure_data_file
from paasq_daemon.store.data_file_swap import DataFileSwap, remove_unfinished
from paasq_daemon.store.data_folder import STORE_NAME, FolderLock, is_read_only, prepare_folder
from paasq_daemon.store.disk_space import Reserve
from paasq_daemon.store.group_commit import CommitResult, Work, Writer
from paasq_daemon.store.integrity_check import Finding, check_integrity
from paasq_daemon.store.journal_trim import TrimResult, trim_batch
from paasq_daemon.store.lmdb_environment import DATA_NAME, in_words, translating_errors
from paasq_daemon.store.migration import finish_migration
from paasq_daemon.store.open_data_file import (
    WALK_S_MAX,
    DamagedPages,
    check_format,
    open_data,
    open_data_readonly,
    pages_checked,
)
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.tables import Tables
from paasq_daemon.wire.errors import ReadOnly, StoreError

T = TypeVar("T")


_REPLACED_LOOK_S = 0.01

_log = logging.getLogger(__name__)


class Store:
    """The source of truth of a data folder; everything else in it is derived. Thread-safe.

    `on_commit` holds functions that are called with the newest sequence number, in the writer's thread, after the
    transaction is durable and acknowledged; they must be quick and must not wait for a write.
    """

    def __init__(
        self,
        folder: Path,
        lock: FolderLock,
        environment: lmdb.Environment,
        tables: Tables,
        reserve: Reserve | None,
        *,
        sync: bool = True,
    ) -> None:
        self.folder = folder
        self.read_only = bool(environment.flags()["readonly"])  # the folder cannot be written
        self.on_commit: list[Callable[[int], None]] = []
        self._lock = lock
        self._data_file = DataFile(environment, tables)
        self._replaced: list[DataFile] = []  # which may still be read
        self._reserve = reserve
        self._sync = sync
        self._rewriting = threading.Lock()
        self._closing = threading.Event()
        self._process = os.getpid()
        self.checked = pages_checked(folder)
        self._lost: frozenset[int] = frozenset()
        with translating_errors(), environment.begin() as txn:
            seq = ReadView(txn, tables).seq
        if reserve is not None:
            reserve.keep()
        self._writer = Writer(folder / STORE_NAME / DATA_NAME, environment, tables, seq, self._announce_commit, reserve)

    @classmethod
    def open(cls, folder: Path, *, sync: bool = True, walk_s_max: float | None = WALK_S_MAX) -> Store:
        """Open the store of a data folder, or make one.

        One whose files cannot be written is opened for reading, beside other processes that read it.
        The pages of a large file that were not walked for a day are so first, for `walk_s_max` seconds at most.
        `sync=False` acknowledges before the disk has it: only for tests and measurements. Raises FolderInUse,
        FormatTooNew, and StoreError where the folder or the data file cannot be trusted.
        """
        try:
            return cls._opened(folder, sync=sync, walk_s_max=walk_s_max)
        except OSError as error:
            raise StoreError(
                f"{folder} cannot be opened: {error.strerror}", "mend its owner, its mode or the disk"
            ) from error

    @classmethod
    def _opened(cls, folder: Path, *, sync: bool, walk_s_max: float | None) -> Store:
        check_format(folder)
        read_only = is_read_only(folder)
        if not read_only:
            prepare_folder(folder)
        lock = FolderLock(folder, read_only=read_only)
        try:
            if not read_only:
                finish_migration(folder)
                remove_unfinished(folder)
            environment, tables = (
                open_data_readonly(folder, walk_s_max)
                if read_only
                else open_data(folder, sync=sync, walk_s_max=walk_s_max)
            )
            reserve = Reserve(folder / STORE_NAME) if sync and not read_only else None
            try:
                return cls(folder, lock, environment, tables, reserve, sync=sync)
            except BaseException:
                environment.close()
                raise
        except BaseException:
            lock.release()
            raise

    @property
    def seq(self) -> int:
        """The sequence number of the last transaction that is durable."""
        return self._writer.seq

    @property
    def write_problem(self) -> StoreError | None:
        """Why the disk refused the last write, a DiskFull where it has no room; None where writes are taken."""
        return self._writer.problem

    @contextmanager
    def read(self) -> Iterator[ReadView]:
        """A view of the last durable transaction, for one thread. Keep it short: while it is open, no page it sees is reused."""
        self._guard()
        data_file = self._hold_data_file()  # each query comes here, so that the context managers are written out
        try:
            with data_file.environment.begin() as txn:
                yield ReadView(txn, data_file.tables, self._lost)
        except lmdb.Error as error:
            raise in_words(error) from error
        finally:
            data_file.release()

    def write(self, work: Work[T]) -> Future[CommitResult[T]]:
        """Run `work` in the writer's thread, in a transaction of its own; the future resolves when it is durable.

        Where the work raises, its future gets the exception and nothing of it is kept. A work must not wait for
        another write: it would deadlock. Raises StoreError where the store is closed, or must be reopened after a failure,
        ReadOnly where its folder cannot be written.
        """
        self._guard()
        self.require_writable()
        return self._writer.submit(work)

    def write_undecided(self, decide: Callable[[], Work[T]]) -> Future[CommitResult[T]]:
        """As `write`, for the work that `decide` returns, which is called in the writer's thread: nothing is written between
        what it reads and its work. Other writes wait meanwhile, and it must not wait for one."""
        self._guard()
        self.require_writable()
        return self._writer.submit_undecided(decide)

    def trim(self, before_seq: int, collection_id: int | None = None) -> TrimResult:
        """Remove the history of a collection, or of all, before a sequence number: rows of the journal, with bodies and vectors
        of what was replaced or deleted in them.

        Done in several transactions, so that other writes can run between them. Live records are never touched, and what the
        journal says of the catalog stays.
        """
        with self.read() as view:
            wanted = view.all_collection_counters() if collection_id is None else [collection_id]
        total = TrimResult(0, 0, 0)
        for each in wanted:
            is_done = False
            while not is_done:
                removed, is_done = (
                    self.write(partial(trim_batch, collection_id=each, before_seq=before_seq)).result().value
                )
                total += removed
        return total

    def check(self) -> list[Finding]:
        """Check the integrity of everything stored; an empty list where it is sound."""
        with self.read() as view:
            return check_integrity(view)

    @contextmanager
    def copy(self, begin: Callable[[ReadView], None] | None = None) -> Iterator[tuple[ReadView, DataFileCopy]]:
        """The data file as a stream of whole pages in place, and a view of the very transaction that it holds, for which `begin`
        is called before anything else is written.

        Writing goes on meanwhile. Reading raises StoreError where the disk does not give a page.
        """
        self._guard()
        with ExitStack() as stack:
            with self._writer.paused():
                view = stack.enter_context(self.read())
                environment = self._data_file.environment
                stream = stack.enter_context(DataFileCopy.open(environment, self.folder / STORE_NAME / DATA_NAME))
                if begin is not None:
                    begin(view)
            yield view, stream

    @contextmanager
    def pinned(self) -> Iterator[tuple[ReadView, int, Meta]]:
        """A view, a descriptor of its data file, and the header of its transaction: inside the block no page that this one
        reaches is written to, so that others can read them without LMDB. Raises StoreError where a header is damaged."""
        self._guard()
        path = self.folder / STORE_NAME / DATA_NAME
        with ExitStack() as stack:
            with self._writer.paused():
                view = stack.enter_context(self.read())
                try:
                    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                    stack.callback(os.close, file)
                    metas, problems = read_metas(path)
                except OSError as error:
                    raise StoreError(f"{path} cannot be read: {error.strerror}", "mend the disk") from error
            if problems:
                raise DamagedPages(problems)
            yield view, file, max(metas, key=lambda meta: meta.transaction)

    def note_check(self, stamp: CheckStamp, lost: frozenset[int] = frozenset()) -> None:
        """Keep when the data file was read as a whole, in its folder too, and which collections have lost records."""
        self.checked, self._lost = stamp, lost
        if not self.read_only:
            write_stamp(self.folder, stamp)

    def shut(self, failure: StoreError) -> None:
        """Raise this for each read and write from now on: LMDB would take what is there for absent, or crash. The pages are
        walked at the next start."""
        self.checked = CheckStamp()
        if not self.read_only:
            write_stamp(self.folder, suspect_stamp((self.folder / STORE_NAME / DATA_NAME).stat()))
        self._writer.shut(failure)

    def measure(self) -> DataFileSize:
        """What the bytes of the data file are, and how many a rewrite would give back."""
        self._guard()
        with self.read() as view:
            return measure_data_file(self.folder / STORE_NAME / DATA_NAME, view.txn, view.tables)

    def rewrite(self, change: Change | None = None, between: Between = lambda: None) -> RewriteResult:
        """Copy the data file entry by entry, changed as `change` says, and put the copy in its place: without free pages, and
        without a byte of what was deleted before. Reading and writing go on; what is read keeps the old file until it ends.

        Killed at any step it leaves the old file or the new one, whole. `between` is called between two batches. Raises
        StoreError, DiskFull where there is no room for the copy, CorruptRecord where an entry is damaged, and what
        `between` raises: then the old file stays in use.
        """
        self._guard()
        self.require_writable()

        def go_on() -> None:
            if self._closing.is_set():
                raise StoreError("the store is closed, and its data file was not rewritten", "open it again")
            between()

        def take(data_file: DataFile) -> None:
            self._replaced = [each for each in self._replaced if each.is_held]
            self._replaced.append(self._data_file)
            self._data_file = data_file

        with self._rewriting:
            go_on()
            swap = DataFileSwap(self.folder, self._writer, self._data_file, self._reserve, take, self._sync)
            return swap.run(change, go_on)

    def wait_for_replaced(self, wait_s: float) -> bool:
        """Wait until no read that is open sees a data file that was replaced; False where one still does after `wait_s`."""
        until_s = time.monotonic() + wait_s
        while any(each.is_held for each in self._replaced):
            if time.monotonic() > until_s:
                return False
            time.sleep(_REPLACED_LOOK_S)
        return True

    def release_reserve(self) -> bool:
        """Give up the space that is kept for what deletes on a full disk, until the next commit. False where there is none."""
        return self._reserve is not None and self._reserve.release()

    def forget_readers(self) -> None:
        """Let pages be used again that processes were reading which have ended without saying so."""
        with translating_errors():
            self._data_file.environment.reader_check()

    def publish_socket(self, socket: Path | None) -> None:
        """Write the socket of this process into the lock file, for processes that find the folder in use."""
        self._lock.publish_socket(socket)

    def close(self) -> None:
        """Finish the writes that were submitted, and release the folder. Does nothing in a forked child."""
        if self._process != os.getpid():
            return
        self._closing.set()
        with self._rewriting:
            self._writer.close()
            for each in (*self._replaced, self._data_file):
                each.environment.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _hold_data_file(self) -> DataFile:
        """The present one, to be released."""
        while not (data_file := self._data_file).hold():
            pass  # another one took its place in this moment
        return data_file

    def require_writable(self) -> None:
        """Raises ReadOnly where the folder cannot be written."""
        if self.read_only:
            raise ReadOnly(
                f"the store in {self.folder} is on a medium that cannot be written, and is open for reading",
                "make it writable, or copy the folder to a disk that is",
            )

    def _guard(self) -> None:
        if self._process != os.getpid():
            raise StoreError(
                f"this store was opened by process {self._process}, and this is a fork of it",
                "start child processes by spawn, and open the store in one process only",
            )
        self._writer.raise_if_unreadable()

    def _announce_commit(self, seq: int) -> None:
        for listener in self.on_commit:
            try:
                listener(seq)
            except Exception:  # noqa: BLE001  # the transaction is durable, so a listener's failure must not end the writer
                _log.exception("a listener failed after commit %d", seq)
