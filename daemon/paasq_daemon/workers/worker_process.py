"""A worker: a process with one thread, which reads the store beside the daemon and does one task after another."""

from __future__ import annotations

import gc
import logging
import resource
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from paasq_daemon.backends.embedded import EmbeddedBackend
from paasq_daemon.compiler import Compiler
from paasq_daemon.engine import Engine
from paasq_daemon.index.follower_indexes import FollowerIndexes
from paasq_daemon.log import log_failure, log_to_stderr
from paasq_daemon.services.catalog import CatalogService
from paasq_daemon.services.snapshots import own_snapshots
from paasq_daemon.store.shared_store import SharedStore
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import BudgetExceeded, PaasqError
from paasq_daemon.workers.daemon_link import DaemonLink
from paasq_daemon.workers.forwarded_statements import ForwardedStatements
from paasq_daemon.workers.messages import Done, Failed, Ready, Run

CANCEL_SIGNAL = signal.SIGUSR1
_IDLE_S = 1.0  # after which a worker without a task looks for what was written
_KEPT_BYTES_MAX = 64 << 20  # of memory that a task may leave; a worker that has more is replaced
_PAGE_BYTES = resource.getpagesize()

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """What a worker is started with: the data folder, a folder of its own for what it makes of past states, the bytes of an
    answer, and of memory that one task may take."""

    folder: Path
    scratch: Path
    answer_bytes_max: int
    memory_bytes_max: int


def run_worker(connection: socket.socket, config: WorkerConfig) -> None:
    """Do tasks until the daemon ends the connection, which ends the process."""
    log_to_stderr()
    worker = _Worker(connection, config)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the daemon's to handle
    signal.signal(CANCEL_SIGNAL, worker.cancel)
    worker.serve()


class _Worker:
    def __init__(self, connection: socket.socket, config: WorkerConfig) -> None:
        self._config = config
        self._daemon = DaemonLink(connection)
        self._store = SharedStore(config.folder)
        self._current: CancellationToken | None = None
        self._indexes = FollowerIndexes(config.folder, self._store, self._daemon, config.scratch)
        backend = EmbeddedBackend(self._indexes, self._daemon.embed_query, lambda: own_snapshots(config.folder))
        self._daemon.backend = backend
        catalog = CatalogService(self._store, self._indexes)
        statements = ForwardedStatements(self._daemon, self._indexes)
        self._engine = Engine(self._indexes, catalog, Compiler(backend), statements)

    def cancel(self, number: int, frame: FrameType | None) -> None:
        """Cancel the task under way: the handler of the daemon's signal."""
        del number, frame
        if self._current is not None:
            self._current.cancel()

    def serve(self) -> None:
        gc.freeze()  # what all workers share is not looked at again, which would copy it
        self._daemon.send(Ready())
        while True:
            run = self._daemon.next_run(_IDLE_S)
            if run is None:
                self._follow()
            else:
                self._daemon.send(self._done(run))

    def _follow(self) -> None:
        try:
            self._indexes.advance()
        except PaasqError as error:  # the next task meets it, and says it
            _log.info("a worker could not follow the store: %s", error.message)

    def _done(self, run: Run) -> Done | Failed:
        self._store.lost = run.lost
        self._current = CancellationToken(run.time_ms, run.passed_ms)
        before = data_bytes()
        try:
            self._indexes.follow(self._current.raise_if_cancelled)  # which is not the task's memory
            before = data_bytes()
            with _memory_limited(before + self._config.memory_bytes_max):
                result = run.task.run(self._engine, self._current, self._config.answer_bytes_max)
            return Done(result, _keeps_much(before))
        except MemoryError:
            return Failed(_out_of_memory(self._config.memory_bytes_max), _keeps_much(before))
        except Exception as error:  # noqa: BLE001  # the daemon tells it
            if not isinstance(error, PaasqError):
                log_failure("task_failed", error)
            return Failed(error, _keeps_much(before))
        finally:
            self._current = None


class _memory_limited:  # noqa: N801  # a context manager, and as quick as can be
    """Within the block the process may have so many bytes of private memory."""

    def __init__(self, size_bytes: int) -> None:
        self._limit = size_bytes

    def __enter__(self) -> None:
        if sys.platform == "linux":
            resource.setrlimit(resource.RLIMIT_DATA, (self._limit, resource.RLIM_INFINITY))

    def __exit__(self, *_: object) -> None:
        if sys.platform == "linux":
            resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def data_bytes() -> int:
    """What this process has taken of private memory, as RLIMIT_DATA counts it; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123  # each task comes here
            return int(file.read().split()[5]) * _PAGE_BYTES
    except OSError:
        return 0


def _keeps_much(before: int) -> bool:
    """Whether a task has left much of what it took."""
    if data_bytes() - before > _KEPT_BYTES_MAX:
        gc.collect()
    return data_bytes() - before > _KEPT_BYTES_MAX


def _out_of_memory(size_bytes: int) -> BudgetExceeded:
    return BudgetExceeded(
        f"the memory budget of {size_bytes >> 20} MB ran out before there was an answer",
        "ask for fewer rows or shorter texts, with `where`, `take` or `select`",
    )
