"""The one thread that writes. Group commit: works that wait at the same time share one commit and one fsync."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeAlias, TypeVar

import lmdb

from paasq_daemon.store.data_file_header import settle_headers
from paasq_daemon.store.disk_space import FULL_DISK, Reserve, disk_full, missing_bytes
from paasq_daemon.store.lmdb_environment import in_words, is_permanent_failure
from paasq_daemon.store.tables import Tables
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import DiskFull, StoreError

T = TypeVar("T")
Work: TypeAlias = Callable[[WriteTransaction], T]

_GROUP_MAX = 256  # works in one commit: bounds how long the first of them waits
_BYTES_NEEDED_MIN = 1 << 16  # of a commit: the pages of a tree's path are written anew in each table
_READER_CHECK_S = 60.0  # until then a killed reader keeps pages from being reused


@dataclass(frozen=True, slots=True)
class CommitResult(Generic[T]):
    """`seq` and `time_us` are those of the work's transaction; of the one before it where the work changed nothing."""

    seq: int
    time_us: int
    value: T


@dataclass(slots=True)
class _Job:
    """One that is to `decide` gives its work when it is its turn. `bytes_needed` is what the work may add to the file at most,
    `frees` whether it only deletes: known once it has run."""

    work: Work[Any]
    future: Future[CommitResult[Any]]
    decide: Callable[[], Work[Any]] | None = None
    bytes_needed: int = _BYTES_NEEDED_MIN
    frees: bool = False


class Writer:
    """Runs works, each in a nested transaction of one that they share, and resolves their futures after fsync."""

    def __init__(
        self,
        path: Path,
        environment: lmdb.Environment,
        tables: Tables,
        seq: int,
        on_durable: Callable[[int], None],
        reserve: Reserve | None,
    ) -> None:
        """`path` is the data file's. `reserve` is given up where a full disk leaves no room for a delete, and kept again when
        there is."""
        self.seq = seq  # of the last transaction that is durable
        self._path = path
        self._environment = environment
        self._tables = tables
        self._on_durable = on_durable
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._next: _Job | None = None  # taken from the queue, and left for the next group
        self._failure: StoreError | None = None
        self._panicked = False
        self._shortage: DiskFull | None = None
        self._reserve = reserve
        self._rolled_back = 0
        self._gate = threading.Lock()  # no job may be queued after the one that ends the thread
        self._closed = False
        self._commit = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="paasq-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[T]) -> Future[CommitResult[T]]:
        """Queue a work; its future is resolved in the writer's thread, after fsync, with its result or its exception.

        Thread-safe. Raises StoreError where the store is closed, or a commit failed and it must be opened again first.
        """
        return self._submit(_Job(work, Future()))

    def submit_undecided(self, decide: Callable[[], Work[T]]) -> Future[CommitResult[T]]:
        """As `submit`, for the work that `decide` returns. That is called in the writer's thread once all works before it are
        durable, so that nothing is written between what it reads and its work."""
        return self._submit(_Job(_nothing, Future(), decide))

    def _submit(self, job: _Job) -> Future[CommitResult[Any]]:
        with self._gate:
            self.raise_if_failed()
            if self._closed:
                raise StoreError("the store is closed", "open it again")
            self._jobs.put(job)
        return job.future

    def raise_if_failed(self) -> None:
        """Raises StoreError where the disk failed under a commit since the store was opened: nothing is written after that."""
        if self._failure is not None:
            raise StoreError(self._failure.message, self._failure.hint)

    def raise_if_unreadable(self) -> None:
        """Raises StoreError where the disk failed in such a way that LMDB does not read any more either."""
        if self._panicked:
            self.raise_if_failed()

    @property
    def problem(self) -> StoreError | None:
        """Why the last write was refused by the disk; None where writes are taken."""
        return self._failure or self._shortage

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is committed inside this block."""
        with self._commit:
            yield

    def use(self, environment: lmdb.Environment, tables: Tables) -> None:
        """Write into this environment from now on, by these tables of it. Only while it is `paused`."""
        self._environment = environment
        self._tables = tables

    def refuse(self, failure: StoreError) -> None:
        """Acknowledge nothing from now on: what is written could be lost. Only while it is `paused`."""
        self._failure = failure

    def shut(self, failure: StoreError) -> None:
        """Write and read nothing from now on."""
        with self._commit:
            self._failure = failure
            self._panicked = True

    def close(self) -> None:
        """Finish what was submitted, then end the thread."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        checked_s = time.monotonic()
        while True:
            try:
                group = self._next_group()
            except Empty:
                group = []
            if group is None:
                return
            if group:
                jobs = [job for job in group if job.future.set_running_or_notify_cancel() and _is_decided(job)]
                try:
                    self._commit_group(jobs)
                except BaseException as error:  # noqa: BLE001  # none may end this thread with futures unresolved
                    self._fail(error, jobs)
            if time.monotonic() - checked_s >= _READER_CHECK_S:
                with (
                    self._commit,
                    suppress(lmdb.Error),
                ):  # it only frees pages sooner; a failure must not end this thread
                    self._environment.reader_check()
                checked_s = time.monotonic()

    def _next_group(self) -> list[_Job] | None:
        """What waits, `_GROUP_MAX` at most, and what is to be decided alone; None at the end. Raises Empty after a while without
        work."""
        job, self._next = self._next or self._jobs.get(timeout=_READER_CHECK_S), None
        if job is None:
            return None
        group = [job]
        while len(group) < _GROUP_MAX and job.decide is None:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                break
            if job is None:
                self._jobs.put(None)  # after this group
                break
            if job.decide is not None:
                self._next = job
                break
            group.append(job)
        return group

    def _commit_group(self, group: list[_Job]) -> None:
        error = self._try(group)
        if error is None:
            return
        if self._is_full(error, group) is None:
            self._fail(error, group)
            return
        for job in group:  # one at a time, so that those for which there is room are done
            if not job.future.done():
                self._commit_alone(job)

    def _commit_alone(self, job: _Job) -> None:
        """On a disk that is full or nearly so: a work that only deletes may use the reserve."""
        error = self._try([job])
        if error is not None and job.frees and self._reserve is not None and self._reserve.release():
            error = self._try([job])
        if error is None:
            return
        shortage = self._is_full(error, [job])
        if shortage is None:
            self._fail(error, [job])
        else:
            self._shortage = shortage
            job.future.set_exception(shortage)

    def _try(self, group: list[_Job]) -> BaseException | None:
        """Commit the works and resolve their futures. Returns why that failed: then nothing of them is kept."""
        committed: list[tuple[Future[CommitResult[Any]], CommitResult[Any]]] = []
        failed: list[tuple[Future[CommitResult[Any]], BaseException]] = []
        try:
            self.raise_if_failed()
            with self._commit, self._environment.begin(write=True) as txn:
                for job in group:
                    outcome = self._apply(txn, job)
                    if isinstance(outcome, CommitResult):
                        committed.append((job.future, outcome))
                    else:
                        failed.append((job.future, outcome))
        except BaseException as error:  # noqa: BLE001  # none may end this thread with futures unresolved
            self._rolled_back += 1
            return error
        self._acknowledge(committed)
        for future, reason in failed:
            future.set_exception(reason)
        return None

    def _acknowledge(self, committed: list[tuple[Future[CommitResult[Any]], CommitResult[Any]]]) -> None:
        before, self.seq = self.seq, max([self.seq, *(outcome.seq for _, outcome in committed)])
        if committed:
            self._shortage = None
        for future, outcome in committed:
            future.set_result(outcome)
        if self.seq != before:
            self._on_durable(self.seq)
        if self._reserve is not None and not self._reserve.is_kept:
            self._reserve.keep()

    def _is_full(self, error: BaseException, group: list[_Job]) -> DiskFull | None:
        """The error of a full disk, with what is missing; None where it is another one. LMDB tells a full disk and one that
        fails apart only sometimes."""
        if not isinstance(error, lmdb.Error) or not is_permanent_failure(error) or isinstance(error, lmdb.PanicError):
            return None
        needed = sum(job.bytes_needed for job in group if not job.future.done())
        try:
            missing = missing_bytes(self._path, needed)
        except OSError:
            return None
        return disk_full(missing) if missing or getattr(error, "code", None) in FULL_DISK else None

    def _apply(self, group_txn: lmdb.Transaction[bytes], job: _Job) -> CommitResult[Any] | BaseException:
        """Run one work. Where it raises, its nested transaction is aborted, and the exception returned."""
        txn = self._environment.begin(parent=group_txn, write=True)
        try:
            transaction = WriteTransaction(txn, self._tables, time.time_ns() // 1000, self._rolled_back)
            value = job.work(transaction)
            transaction.write_journal()
            job.bytes_needed, job.frees = _BYTES_NEEDED_MIN + transaction.bytes_needed_max, transaction.only_deletes
            txn.commit()
        except BaseException as error:  # whatever the caller's work raises is the caller's
            txn.abort()
            if not isinstance(error, lmdb.Error):
                return error
            if is_permanent_failure(error):
                raise
            return in_words(error)
        return CommitResult(transaction.seq, transaction.state.time_us, value)

    def _fail(self, error: BaseException, group: list[_Job]) -> None:
        """The disk failed, so that a later commit may be acknowledged and lost: fail these works and refuse all later ones."""
        self._panicked = self._panicked or isinstance(error, lmdb.PanicError)
        failure = in_words(error) if isinstance(error, lmdb.Error) else error
        if not isinstance(failure, StoreError):
            failure = StoreError(f"the writer failed: {failure!r}", "open the store again")
        self._failure = failure
        with self._commit, suppress(OSError, StoreError):
            settle_headers(self._path)
        for job in group:
            if not job.future.done():
                job.future.set_exception(StoreError(failure.message, failure.hint))


def _is_decided(job: _Job) -> bool:
    """False where deciding raised, which its future has then."""
    if job.decide is None:
        return True
    try:
        job.work = job.decide()
    except BaseException as error:  # noqa: BLE001  # whatever the caller's decision raises is the caller's
        job.future.set_exception(error)
        return False
    return True


def _nothing(_: WriteTransaction) -> None:
    pass
