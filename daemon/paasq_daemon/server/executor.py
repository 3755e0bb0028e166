"""Where queries run: behind one boundary, so that worker processes can replace the threads of today."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from paasq_daemon.engine import Engine
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.request import Request

T = TypeVar("T")

_CLOCK_SLACK_S = 0.002  # a timer may fire a little early; the deadline must have passed when it does


class WorkerCrashed(Exception):
    """What ended the work, its cause, is no Exception: a panic of a library in Rust, an exit, a cancelled future."""


class Executor(Protocol):
    """Where queries run: threads of this process, or another boundary with the same promise."""

    async def run(self, request: Request, cancellation: CancellationToken) -> Answer:
        """The answer. Raises what the engine raises; Cancelled and BudgetExceeded also while the request is queued."""
        ...

    def close(self) -> None:
        """Take no more; what runs goes on."""


class ThreadExecutor:
    """One thread a core; further requests queue, first come, first served."""

    def __init__(self, engine: Engine, workers: int | None = None) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(workers or os.cpu_count() or 1, thread_name_prefix="paasq-query")

    async def run(self, request: Request, cancellation: CancellationToken) -> Answer:
        return await run_in(self._pool, lambda: self._engine.query(request, cancellation), cancellation)

    def close(self) -> None:
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
