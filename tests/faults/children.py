"""Work in a child process, so that it may crash, loop or be killed, and leaves nothing open behind it."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

SECONDS_MAX = 60
ENDED, RAW = 0, 9


def in_child(work: Callable[[], int | None], said: Path) -> int:
    """The exit code: what `work` returned, ENDED for None, RAW where it raised; negative where a signal ended it.

    What it writes to stderr is kept in the file `said`. The caller has no store open and no threads.
    """
    child = os.fork()
    if child == 0:
        code = RAW
        try:
            os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
            signal.alarm(SECONDS_MAX)
            code = work() or ENDED
        except BaseException:  # noqa: BLE001  # a child must not run on as the parent
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def last_line(said: Path) -> str:
    lines = said.read_text(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "nothing said"
