"""The workers of a daemon: one task each at a time, clients in turn, and a new one for each that ended."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Coroutine, Hashable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from paasq_daemon.index.index_folder import INDEX_NAME
from paasq_daemon.index.time_travel import HISTORICAL_PREFIX
from paasq_daemon.instance import Instance
from paasq_daemon.log import TEXT_LOG, LogSettings
from paasq_daemon.watches.watch_evaluation import WatchEvaluator
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import WorkerEnded
from paasq_daemon.wire.request import Request
from paasq_daemon.workers.activity import ExecutorActivity
from paasq_daemon.workers.daemon_calls import DaemonCalls
from paasq_daemon.workers.limits import MEMORY_BYTES_MAX
from paasq_daemon.workers.messages import Run
from paasq_daemon.workers.pooled_watch import PooledWatch
from paasq_daemon.workers.tasks import TextTask
from paasq_daemon.workers.turns import Turns
from paasq_daemon.workers.worker import Worker
from paasq_daemon.workers.worker_process import WorkerConfig
from paasq_daemon.workers.zygote import Zygote

_RENEWED_LOOK_S = 0.01
_RETRY_S = 1.0  # until a worker that could not be started is tried again

_log = logging.getLogger(__name__)


class WorkerPool:
    """Lives in one event loop, which `start` is called in."""

    def __init__(
        self,
        instance: Instance,
        size: int | None = None,
        *,
        answer_bytes_max: int,
        memory_bytes_max: int = MEMORY_BYTES_MAX,
        slow_ms: float | None = None,
        log: LogSettings = TEXT_LOG,
        zygote: Zygote | None = None,
    ) -> None:
        """`size` processes; where it is None one a core, and one that is kept for short requests. They write the `log`, and
        into it what takes `slow_ms` or more. `zygote` is one that was started before, None: it is started when it is needed."""
        self._instance = instance
        self._size = size or (os.cpu_count() or 1) + 1
        self._answer_bytes_max = answer_bytes_max
        self._memory_bytes_max = memory_bytes_max
        self._slow_ms = slow_ms
        self._log = log
        self._given_zygote = zygote
        self._restarts = 0
        self._calls = DaemonCalls(instance)
        self._pool = ThreadPoolExecutor(self._size, thread_name_prefix="paasq-call")
        self._turns: Turns[Worker] = Turns()
        self._workers: set[Worker] = set()
        self._starting: set[asyncio.Task[None]] = set()
        self._restarting = asyncio.Lock()
        self._closed = False

    async def start(self) -> None:
        """Returns when one worker can take a task; others follow. Raises OSError where no process can be made, WorkerEnded."""
        self._loop = asyncio.get_running_loop()
        self._zygote = await asyncio.to_thread(Zygote) if self._given_zygote is None else self._given_zygote
        self._instance.forgetting.end_readers.append(self.renew)
        await self._add_worker()
        for _ in range(self._size - 1):
            self._begin(self._add_at_last())

    async def run(self, task: TextTask, cancellation: CancellationToken, client: Hashable) -> bytes:
        """The JSON of the task's result. Raises as `Worker.run`; Cancelled and BudgetExceeded also while the task waits for its
        turn. Where a worker ends by itself before anything was written, another tries once more."""
        with self._instance.store.read() as view:  # raises where the store was shut
            lost = view.lost
        try:
            return await self._run_once(task, cancellation, client, lost)
        except WorkerEnded as error:
            if error.may_have_written:
                raise
            return await self._run_once(task, cancellation, client, lost)  # nothing was done yet, and another may do it

    async def _run_once(
        self, task: TextTask, cancellation: CancellationToken, client: Hashable, lost: frozenset[int]
    ) -> bytes:
        worker = await self._turns.take(client, cancellation)
        try:
            run = Run(task, cancellation.time_ms, cancellation.passed_ms, lost)
            return await worker.run(run, cancellation, self._calls, self._pool)
        finally:
            if worker.ended or worker.outdated:
                self._turns.withdraw(worker)
                self._replace(worker)
            else:
                self._turns.give(worker)

    def watch(self, request: Request, client: Hashable) -> WatchEvaluator:
        """The rows of a watch of the client."""
        return PooledWatch(request, partial(self.run, client=client), self._loop)

    def renew(self, wait_s: float) -> bool:
        """Put other workers in the place of all: nothing of what they have read stays. Those that do a task end with it; False
        where one has not after `wait_s`. One whose task waits for the daemon is not waited for. Not for the loop's thread."""
        outdated = asyncio.run_coroutine_threadsafe(self._retire(), self._loop).result()
        until_s = time.monotonic() + wait_s
        while any(not worker.ended and not worker.is_calling for worker in outdated):
            if time.monotonic() > until_s:
                return False
            time.sleep(_RENEWED_LOOK_S)
        return True

    def activity(self) -> ExecutorActivity:
        """What the workers are doing now."""
        workers = sorted(self._workers, key=lambda each: each.pid)
        return ExecutorActivity(tuple(each.activity() for each in workers), self._turns.waiting, self._restarts)

    def close(self) -> None:
        """Take no more, and end all workers."""
        self._closed = True
        self._turns.close()
        for worker in self._workers:
            worker.end()
            shutil.rmtree(worker.scratch, ignore_errors=True)
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._zygote.close()

    async def _retire(self) -> list[Worker]:
        outdated = list(self._workers)
        for worker in outdated:
            worker.outdated = True
            if self._turns.withdraw(worker):
                worker.end()
                self._replace(worker)
        return outdated

    def _replace(self, worker: Worker) -> None:
        self._workers.discard(worker)
        self._restarts += 1
        if not self._closed:
            self._begin(self._start_another(worker))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _start_another(self, ended: Worker) -> None:
        await ended.close()
        await self._add_at_last()
        self._instance.store.forget_readers()

    async def _add_at_last(self) -> None:
        """Try until there is one more."""
        while not self._closed:
            try:
                return await self._add_worker()
            except (OSError, WorkerEnded) as error:
                async with self._restarting:
                    if self._zygote.ended:
                        self._zygote = await asyncio.to_thread(Zygote)
                _log.warning("a worker cannot be started, and is tried again: %s", error)
                await asyncio.sleep(_RETRY_S)
        return None

    async def _add_worker(self) -> None:
        folder = self._instance.store.folder
        scratch = Path(tempfile.mkdtemp(prefix=HISTORICAL_PREFIX, dir=folder / INDEX_NAME))
        config = WorkerConfig(folder, scratch, self._answer_bytes_max, self._memory_bytes_max, self._slow_ms, self._log)
        try:
            ours, theirs = socket.socketpair()
            with theirs:
                pid = await asyncio.to_thread(self._zygote.fork, config, theirs)
            worker = Worker(pid, ours, scratch, self._instance.engine.compiler.backend)
            await worker.start()
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
        if self._closed:  # meanwhile
            return await worker.close()
        self._workers.add(worker)
        return self._turns.give(worker)
