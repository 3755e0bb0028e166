"""What workers are doing, as the daemon sees it."""

from __future__ import annotations

import hashlib
import mmap
import resource
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from paasq_daemon.log import log_event
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.cancellation import CancellationToken

_NAME = "plan"  # in the worker's own folder
_DIGEST_BYTES = 9
_NO_PLAN = bytes(2 * _DIGEST_BYTES)
_PAGE_BYTES = resource.getpagesize()


@dataclass(frozen=True, slots=True)
class WorkerActivity:
    """One process: the token of the task under way, and the key of its plan, once there is one; private memory in bytes."""

    pid: int
    task: CancellationToken | None
    plan: str | None
    memory_bytes: int


@dataclass(frozen=True, slots=True)
class ExecutorActivity:
    """What runs texts: its processes, how many tasks wait for one, and how many processes were replaced since the start."""

    workers: tuple[WorkerActivity, ...] = ()
    waiting: int = 0
    restarts: int = 0


def plan_digest(plan_key: str) -> str:
    """What a plan is called outside: 18 hexadecimal digits, the same for a text with any literals, from which no text follows."""
    return hashlib.blake2b(plan_key.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).hexdigest()


class QueryNote:
    """A worker's: notes which plan it runs where the daemon can read it, at no cost of a message, and logs slow queries."""

    def __init__(self, scratch: Path, slow_ms: float | None) -> None:
        self._slow_ms = slow_ms
        with (scratch / _NAME).open("w+b") as file:
            file.write(_NO_PLAN)
            file.flush()
            self._shared = mmap.mmap(file.fileno(), len(_NO_PLAN))
        self._plan, self._rows, self._began_s = "", 0, 0.0

    def begin(self) -> None:
        """A task begins."""
        self._plan, self._rows, self._began_s = "", 0, time.monotonic()
        self._shared[:] = _NO_PLAN

    def compiled(self, plan_key: str) -> None:
        """As QueryObserver has it."""
        self._plan = plan_digest(plan_key)
        self._shared[:] = self._plan.encode()

    def answered(self, answer: Answer) -> None:
        """As QueryObserver has it."""
        self._rows = len(answer.rows)

    def end(self, outcome: str) -> None:
        """The task has ended, well (`ok`), or with an error of this code."""
        took_ms = (time.monotonic() - self._began_s) * 1000
        if self._slow_ms is not None and took_ms >= self._slow_ms:
            log_event("slow_query", plan=self._plan, ms=round(took_ms), rows=self._rows, outcome=outcome)


def noted_plan(scratch: Path) -> str | None:
    """The plan that the worker with this folder runs; None where it has none yet."""
    with suppress(OSError):
        return (scratch / _NAME).read_bytes().strip(b"\0").decode() or None
    return None


def private_bytes(pid: int) -> int:
    """Memory that the process shares with no other; 0 where the system does not tell."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_bytes().split()
    except OSError:
        return 0
    return (int(pages[1]) - int(pages[2])) * _PAGE_BYTES
