"""The one thread that writes. Group commit: works that wait at the same time share one commit and one fsync."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

import lmdb

from paasq_daemon.store.lmdb_environment import in_words, is_permanent_failure
from paasq_daemon.store.tables import Tables
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import StoreError

T = TypeVar("T")

_GROUP_MAX = 256  # works in one commit: bounds how long the first of them waits
_READER_CHECK_S = 60.0  # until then a killed reader keeps pages from being reused


@dataclass(frozen=True, slots=True)
class CommitResult(Generic[T]):
    """`seq` and `time_us` are those of the work's transaction; of the one before it where the work changed nothing."""

    seq: int
    time_us: int
    value: T


@dataclass(frozen=True, slots=True)
class _Job:
    work: Callable[[WriteTransaction], Any]
    future: Future[CommitResult[Any]]


class Writer:
    """Runs works, each in a nested transaction of one that they share, and resolves their futures after fsync."""

    def __init__(
        self, environment: lmdb.Environment, tables: Tables, seq: int, on_durable: Callable[[int], None]
    ) -> None:
        self.seq = seq  # of the last transaction that is durable
        self._environment = environment
        self._tables = tables
        self._on_durable = on_durable
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._failure: StoreError | None = None
        self._gate = threading.Lock()  # no job may be queued after the one that ends the thread
        self._closed = False
        self._commit = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="paasq-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[WriteTransaction], T]) -> Future[CommitResult[T]]:
        """Queue a work; its future is resolved in the writer's thread, after fsync, with its result or its exception.

        Thread-safe. Raises StoreError where the store is closed, or a commit failed and it must be opened again first.
        """
        future: Future[CommitResult[T]] = Future()
        with self._gate:
            self.raise_if_failed()
            if self._closed:
                raise StoreError("the store is closed", "open it again")
            self._jobs.put(_Job(work, future))
        return future

    def raise_if_failed(self) -> None:
        """Raises StoreError where a commit failed since the store was opened: nothing is written after that."""
        if self._failure is not None:
            raise StoreError(self._failure.message, self._failure.hint)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nothing is committed inside this block."""
        with self._commit:
            yield

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
                self._commit_group([job for job in group if job.future.set_running_or_notify_cancel()])
            if time.monotonic() - checked_s >= _READER_CHECK_S:
                with suppress(lmdb.Error):  # it only frees pages sooner; a failure must not end this thread
                    self._environment.reader_check()
                checked_s = time.monotonic()

    def _next_group(self) -> list[_Job] | None:
        """What waits, `_GROUP_MAX` at most; None at the end. Raises Empty after a while without work."""
        job = self._jobs.get(timeout=_READER_CHECK_S)
        if job is None:
            return None
        group = [job]
        while len(group) < _GROUP_MAX:
            try:
                job = self._jobs.get_nowait()
            except Empty:
                break
            if job is None:
                self._jobs.put(None)  # after this group
                break
            group.append(job)
        return group

    def _commit_group(self, group: list[_Job]) -> None:
        committed: list[tuple[Future[CommitResult[Any]], CommitResult[Any]]] = []
        try:
            self.raise_if_failed()
            with self._commit, self._environment.begin(write=True) as txn:
                for job in group:
                    outcome = self._apply(txn, job)
                    if outcome is not None:
                        committed.append((job.future, outcome))
        except BaseException as error:  # noqa: BLE001  # none may end this thread with futures unresolved
            self._fail(error, group)
            return
        before, self.seq = self.seq, max([self.seq, *(outcome.seq for _, outcome in committed)])
        for future, outcome in committed:
            future.set_result(outcome)
        if self.seq != before:
            self._on_durable(self.seq)

    def _apply(self, group_txn: lmdb.Transaction[bytes], job: _Job) -> CommitResult[Any] | None:
        """Run one work. None where it raised: its future has the exception, and its nested transaction is aborted."""
        txn = self._environment.begin(parent=group_txn, write=True)
        try:
            transaction = WriteTransaction(txn, self._tables, time.time_ns() // 1000)
            value = job.work(transaction)
            transaction.write_journal()
            txn.commit()
        except BaseException as error:  # whatever the caller's work raises is the caller's
            txn.abort()
            if isinstance(error, lmdb.Error):
                if is_permanent_failure(error):
                    raise
                error = in_words(error)
            job.future.set_exception(error)
            return None
        return CommitResult(transaction.seq, transaction.state.time_us, value)

    def _fail(self, error: BaseException, group: list[_Job]) -> None:
        """The commit failed, so what is on disk is unknown: fail these works and refuse all later ones."""
        failure = in_words(error) if isinstance(error, lmdb.Error) else error
        if not isinstance(failure, StoreError):
            failure = StoreError(f"the writer failed: {failure!r}", "open the store again")
        self._failure = failure
        for job in group:
            if not job.future.done():
                job.future.set_exception(StoreError(failure.message, failure.hint))
