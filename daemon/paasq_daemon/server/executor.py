"""Where texts run: in threads of this process, or in processes of their own, behind one boundary."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Generic, Protocol, TypeVar

from paasq_daemon.engine import Engine
from paasq_daemon.watches.watch_evaluation import WatchEvaluator
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.request import Request
from paasq_daemon.workers.activity import ExecutorActivity
from paasq_daemon.workers.tasks import TextTask

T = TypeVar("T")

_CLOCK_SLACK_S = 0.002  # a timer may fire a little early; the deadline must have passed when it does


class WorkerCrashed(Exception):
    """What ended the work, its cause, is no Exception: a panic of a library in Rust, an exit, a cancelled future."""


class Executor(Protocol):
    """Where texts run: threads of this process, or another boundary with the same promise."""

    async def start(self) -> None:
        """Returns when it can take tasks."""
        ...

    async def run(self, task: TextTask, cancellation: CancellationToken, client: Hashable) -> bytes:
        """The JSON of the task's result. Raises what the task raises; Cancelled and BudgetExceeded also while it waits for its
        turn, which the clients have one after another."""
        ...

    def watch(self, request: Request, client: Hashable) -> WatchEvaluator:
        """The rows of a watch of the client. Raises as `Engine.watch`."""
        ...

    def activity(self) -> ExecutorActivity:
        """What its processes are doing now."""
        ...

    def close(self) -> None:
        """Take no more."""


class ThreadExecutor:
    """One thread a core; further tasks queue, first come, first served. What does not look at its time keeps its thread."""

    def __init__(self, engine: Engine, answer_bytes_max: int, workers: int | None = None) -> None:
        self._engine = engine
        self._answer_bytes_max = answer_bytes_max
        self._pool = ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="paasq-query")

    async def start(self) -> None:
        """Threads start with their first task."""

    async def run(self, task: TextTask, cancellation: CancellationToken, client: Hashable) -> bytes:
        """As Executor has it, but for the turns."""
        del client
        work = partial(task.run, self._engine, cancellation, self._answer_bytes_max)
        return await run_in(self._pool, work, cancellation)

    def watch(self, request: Request, client: Hashable) -> WatchEvaluator:
        """As Executor has it."""
        del client
        return self._engine.watch(request)

    def activity(self) -> ExecutorActivity:
        """It has no processes."""
        return ExecutorActivity()

    def close(self) -> None:
        """What runs goes on."""
        self._pool.shutdown(wait=False, cancel_futures=True)


async def run_in(pool: ThreadPoolExecutor, work: Callable[[], T], cancellation: CancellationToken) -> T:
    """What `work` returns. Cancelled or late work leaves the queue at once; once it runs, it must look for itself.

    Raises what `work` raises where that is an Exception, else WorkDied.
    """
    queued = pool.submit(_run, work, cancellation)
    cancellation.on_cancel(queued.cancel)  # does nothing to what runs
    remaining_s = cancellation.remaining_s
    timer = None
    if remaining_s is not None:
        timer = asyncio.get_running_loop().call_later(remaining_s + _CLOCK_SLACK_S, queued.cancel)
    try:
        outcome = await asyncio.wrap_future(queued)
    except asyncio.CancelledError:
        cancellation.raise_if_cancelled()  # says which of the two it was
        raise
    finally:
        if timer is not None:
            timer.cancel()
    if not isinstance(outcome, _Failed):
        return outcome.value
    if isinstance(outcome.error, Exception):
        raise outcome.error
    raise WorkerCrashed(type(outcome.error).__name__) from outcome.error


@dataclass(frozen=True, slots=True)
class _Done(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


def _run(work: Callable[[], T], cancellation: CancellationToken) -> _Done[T] | _Failed:
    """An error comes back as a value: not every one can be given to a future. StopIteration would leave it without a
    result for ever, SystemExit would end the event loop, a CancelledError would pass for the cancelled request's own.
    """
    try:
        cancellation.raise_if_cancelled()
        return _Done(work())
    except BaseException as error:  # noqa: BLE001  # `run_in` raises it where it is awaited
        return _Failed(error)
