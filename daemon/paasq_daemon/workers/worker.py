"""The daemon's end of one worker: gives it a task, answers its calls, and ends it where it does not end by itself."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from paasq_daemon.backends.backend import Backend
from paasq_daemon.log import log_event
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import BudgetExceeded, Cancelled, PaasqError, WorkerEnded
from paasq_daemon.workers.activity import WorkerActivity, noted_plan, private_bytes
from paasq_daemon.workers.daemon_calls import DaemonCalls
from paasq_daemon.workers.messages import LENGTH, Call, Done, Failed, Message, Ready, Run, decode, encode
from paasq_daemon.workers.worker_process import CANCEL_SIGNAL

ENDED_AFTER_S = (
    0.05  # a task that goes on for so long after it was cancelled, or its time was up, is ended with its process
)


class Worker:
    """One process. Lives in one event loop."""

    def __init__(self, pid: int, connection: socket.socket, scratch: Path, backend: Backend) -> None:
        self.pid = pid
        self._connection = connection
        self.scratch = scratch
        self._backend = backend
        self._why: PaasqError | None = None  # it was ended
        self._has_called = False  # in its last task: the daemon may have written for it
        self._idle = asyncio.Event()  # the daemon does nothing for it
        self._idle.set()
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self.ended = False
        self._task: CancellationToken | None = None
        self.outdated = False  # it may hold what was forgotten, or much memory: it does no more tasks

    @property
    def is_calling(self) -> bool:
        """Whether it waits for the daemon."""
        return not self._idle.is_set()

    async def start(self) -> None:
        """Wait until it can take a task. Raises WorkerEnded."""
        self._reader, self._writer = await asyncio.open_connection(sock=self._connection)
        message = await self._receive()
        assert isinstance(message, Ready)

    async def run(
        self, run: Run, cancellation: CancellationToken, calls: DaemonCalls, pool: ThreadPoolExecutor
    ) -> bytes:
        """The JSON of the task's result. Raises what the task raises; where it had to be ended, BudgetExceeded, Cancelled or
        WorkerEnded, and `ended` is true."""
        loop = asyncio.get_running_loop()
        self._task = cancellation
        self._send(run)
        cancelled = asyncio.Event()
        cancellation.on_cancel(lambda: loop.call_soon_threadsafe(cancelled.set))
        watchdog = asyncio.create_task(self._watch(cancellation, cancelled))
        try:
            while True:
                message = await self._receive()
                if isinstance(message, Done | Failed):
                    self.outdated |= message.is_last
                if isinstance(message, Done):
                    return message.result
                if isinstance(message, Failed):
                    raise message.error
                assert isinstance(message, Call)
                self._has_called = True
                self._idle.clear()
                reply = await loop.run_in_executor(pool, calls.perform, message, cancellation)
                self._idle.set()
                self._send(reply)
        finally:
            self._task = None
            watchdog.cancel()
            self.ended |= self._why is not None  # it was being ended when its answer came

    def activity(self) -> WorkerActivity:
        """What it is doing now."""
        plan = None if self._task is None else noted_plan(self.scratch)
        return WorkerActivity(self.pid, self._task, plan, private_bytes(self.pid))

    def end(self, why: PaasqError | None = None) -> None:
        """End the process now. What it was doing raises `why`, at once: the system takes a while to free its memory."""
        if why is not None and self._why is None:
            self._why = why
            log_event("worker_ended", pid=self.pid, plan=noted_plan(self.scratch), why=why.code)
        self._signal(signal.SIGKILL)
        self._reader.feed_eof()

    async def close(self) -> None:
        """End it, and remove what it leaves."""
        self.end()
        self.ended = True
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()
        shutil.rmtree(self.scratch, ignore_errors=True)

    async def _watch(self, cancellation: CancellationToken, cancelled: asyncio.Event) -> None:
        """Tell the process where its task is cancelled, and end it where the task goes on after it should have ended; but never
        while the daemon works for it: a write that has begun is not left without an answer."""
        with suppress(TimeoutError):
            await asyncio.wait_for(cancelled.wait(), cancellation.remaining_s)
            self._signal(CANCEL_SIGNAL)
        await asyncio.sleep(ENDED_AFTER_S)
        if not self._idle.is_set():
            await self._idle.wait()
            await asyncio.sleep(ENDED_AFTER_S)
        try:
            cancellation.raise_if_cancelled()
        except (Cancelled, BudgetExceeded) as error:
            self.end(type(error)(f"{error.message}, and the process that ran it was ended", error.hint))

    def _signal(self, number: int) -> None:
        if not self.ended:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def _send(self, message: Message) -> None:
        self._writer.write(encode(message, self._backend))

    async def _receive(self) -> Message:
        try:
            (size,) = LENGTH.unpack(await self._reader.readexactly(LENGTH.size))
            return decode(await self._reader.readexactly(size), self._backend)
        except (asyncio.IncompleteReadError, OSError):
            self.ended = True
            raise self._why or WorkerEnded(
                "the process that ran the request ended before it answered",
                "others go on; where it asks for much, ask for less with `where`, `take` or `select`",
                may_have_written=self._has_called,
            ) from None
