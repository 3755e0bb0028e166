from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.request import Budget, Request
from paasq_daemon.workers.tasks import QueryTask, TextTask
from paasq_daemon.workers.worker_pool import WorkerPool


@dataclass
class Pooled:
    """An instance, and a pool that answers from it; its loop runs in a thread."""

    instance: Instance
    pool: WorkerPool
    loop: asyncio.AbstractEventLoop

    def begin(self, task: TextTask, token: CancellationToken | None = None, client: str = "client") -> Future[bytes]:
        """The JSON of the task's result, some time."""
        return asyncio.run_coroutine_threadsafe(self.pool.run(task, token or CancellationToken(), client), self.loop)

    def answer(self, text: str, time_ms: float | None = None, **params: Any) -> Answer:
        task = QueryTask(Request(text, params, Budget(time_ms)))
        return Answer.from_json(orjson.loads(self.begin(task, CancellationToken(time_ms)).result(60)))

    def rows(self, text: str, **params: Any) -> list[list[Any]]:
        return self.answer(text, **params).rows

    @property
    def pids(self) -> set[int]:
        """Of the workers that can take a task."""
        return {worker.pid for worker in self.pool._workers}


@contextmanager
def opened_pool(folder: Path) -> Iterator[Pooled]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    instance = Instance.open(folder, sync=False)
    pool = WorkerPool(instance, 2, answer_bytes_max=1 << 20, memory_bytes_max=128 << 20)
    try:
        asyncio.run_coroutine_threadsafe(pool.start(), loop).result(60)
        yield Pooled(instance, pool, loop)
    finally:
        loop.call_soon_threadsafe(pool.close)
        asyncio.run_coroutine_threadsafe(loop.shutdown_default_executor(), loop).result(60)
        instance.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@pytest.fixture
def pooled(tmp_path: Path) -> Iterator[Pooled]:
    with opened_pool(tmp_path / "data") as found:
        yield found
