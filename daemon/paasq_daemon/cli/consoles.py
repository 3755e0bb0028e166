"""The two streams as rich writes to them. Loaded only where something is shown to a person."""

from __future__ import annotations

import os
import sys
from functools import cache

from rich.console import Console

_PIPE_COLUMNS = 120  # where nobody tells how wide the reader's page is


@cache
def stdout_console() -> Console:
    """Standard output, for answers."""
    return _console(stderr=False)


@cache
def stderr_console() -> Console:
    """Standard error, for diagnostics and progress."""
    return _console(stderr=True)


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    told = stream.isatty() or "COLUMNS" in os.environ
    return Console(stderr=stderr, width=None if told else _PIPE_COLUMNS, highlight=False, emoji=False, markup=False)
