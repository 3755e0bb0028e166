"""The rows of a watch, from workers."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable, Coroutine
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import Any

from paasq_daemon.watches.watch_evaluation import WatchRows, WatchStart
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.request import Request
from paasq_daemon.workers.tasks import TextTask, WatchRowsTask, WatchStartTask

RUN_MS_MAX = 30_000.0  # of one run of a watch
_CANCEL_LOOK_S = 0.05


@dataclass(frozen=True)
class PooledWatch:
    """A WatchEvaluator; not for the thread of the loop, in which `run` does a task."""

    request: Request
    run: Callable[[TextTask, CancellationToken], Coroutine[Any, Any, bytes]]
    loop: asyncio.AbstractEventLoop

    def start(self, cancel: CancellationToken) -> WatchStart:
        """As WatchEvaluator has it."""
        started: WatchStart = pickle.loads(self._done(WatchStartTask(self.request), cancel))  # noqa: S301  # our worker's
        return started

    def rows(self, receipt: int | None, cancel: CancellationToken) -> WatchRows:
        """As WatchEvaluator has it."""
        found: WatchRows = pickle.loads(self._done(WatchRowsTask(self.request, receipt), cancel))  # noqa: S301
        return found

    def _done(self, task: TextTask, cancel: CancellationToken) -> bytes:
        token = CancellationToken(RUN_MS_MAX)
        running = asyncio.run_coroutine_threadsafe(self.run(task, token), self.loop)
        while True:
            try:
                return running.result(_CANCEL_LOOK_S)
            except NotYet:
                if running.done():
                    raise
                if cancel.cancelled:
                    token.cancel()
