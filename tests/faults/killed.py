"""Work in a child process that is killed (SIGKILL) at its n-th step: a call that touches files, just before it is made."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import lmdb

_STEPS = frozenset(
    "open os.mkdir os.rename os.remove os.rmdir os.truncate os.chmod os.scandir os.listdir shutil.rmtree fcntl.flock".split()
)
_STEPS_MAX = 2_000


def kills(work: Callable[[], object], stride: int = 1) -> Iterator[int]:
    """Do the work again and again, each time in a new child: killed at step 1, then `stride` steps later, and so on until it
    ends by itself.

    Gives the step after each kill, so that the caller can look at what was left; and 0 after the one that ended.
    """
    for step in range(1, _STEPS_MAX, stride):
        child = os.fork()
        if child == 0:
            _run(work, step)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status == 0:
            yield 0
            return
        assert status == -signal.SIGKILL, status
        yield step
    raise AssertionError("it has more steps than that")


def _run(work: Callable[[], object], last: int) -> None:
    steps = 0

    def step(*_: object) -> None:
        nonlocal steps
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

    def before(function: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            step()
            return function(*args, **kwargs)

        return call

    status = 1
    try:
        sys.addaudithook(lambda event, _: step() if event in _STEPS else None)
        os.fsync, os.pread, os.close = before(os.fsync), before(os.pread), before(os.close)
        os.ftruncate, os.write = before(os.ftruncate), before(os.write)
        os.posix_fallocate, fcntl.flock = before(os.posix_fallocate), before(fcntl.flock)
        lmdb.open = before(lmdb.open)  # and what it does itself is one step
        work()
        status = 0
    except BaseException:  # noqa: BLE001  # a fork of the test runner must not run on
        traceback.print_exc()
    finally:
        os._exit(status)
