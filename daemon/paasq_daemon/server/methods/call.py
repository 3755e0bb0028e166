"""What a method is called with: what all connections share, and the one request."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from paasq_daemon.instance import Instance
from paasq_daemon.server.connection_watches import ConnectionWatches
from paasq_daemon.server.executor import Executor
from paasq_daemon.server.request_log import RequestLog
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.json_rpc import dump_bounded
from paasq_daemon.workers.tasks import TextTask

SHORT_THREADS = 32  # puts wait for the disk and are committed together: many of them cost little
LONG_THREADS = 2
WATCH_THREADS = 4


@dataclass(frozen=True)
class ServerContext:
    """What all connections share. Queries run in the executor; short and long work have threads of their own."""

    instance: Instance
    executor: Executor
    answer_bytes_max: int
    short_pool: ThreadPoolExecutor
    long_pool: ThreadPoolExecutor
    watch_pool: ThreadPoolExecutor  # threads of all watches, which wait for their rows
    granted: Right  # to every client
    requests: RequestLog

    @classmethod
    def of(
        cls, instance: Instance, executor: Executor, answer_bytes_max: int, granted: Right = Right.ADMIN
    ) -> ServerContext:
        """The context of a server, with thread pools of its own."""
        short = ThreadPoolExecutor(SHORT_THREADS, thread_name_prefix="paasq-short")
        long = ThreadPoolExecutor(LONG_THREADS, thread_name_prefix="paasq-long")
        watching = ThreadPoolExecutor(WATCH_THREADS, thread_name_prefix="paasq-watching")
        return cls(instance, executor, answer_bytes_max, short, long, watching, granted, RequestLog())

    def close(self) -> None:
        """Take no more; what runs goes on."""
        self.executor.close()
        self.short_pool.shutdown(wait=False, cancel_futures=True)
        self.long_pool.shutdown(wait=False, cancel_futures=True)
        self.watch_pool.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, slots=True)
class RpcCall:
    """One request: its parameters as read, whether it may write, its token, `cancel`, which reaches the connection's other
    requests, the watches of the connection, and the client whose turn it takes."""

    server: ServerContext
    params: dict[str, Any]
    may_write: bool
    cancellation: CancellationToken
    cancel: Callable[[str | int], bool]
    watches: ConnectionWatches
    client: Hashable

    async def run(self, task: TextTask) -> bytes:
        """What the executor makes of a task of this request."""
        return await self.server.executor.run(task, self.cancellation, self.client)

    @property
    def instance(self) -> Instance:
        """The instance that is served."""
        return self.server.instance

    def encode(self, result: Any) -> bytes:
        """The result as JSON. Raises LimitExceeded where it is larger than a frame may be."""
        return dump_bounded(result, self.server.answer_bytes_max)
