"""The rich consoles of the two streams. Imported only where something is shown to a person."""

from __future__ import annotations

import os
import sys
from functools import cache

from rich.console import Console

_PIPE_COLUMNS = 120  # where the width of the output is unknown


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
    has_width = stream.isatty() or "COLUMNS" in os.environ
    return Console(
        stderr=stderr, width=None if has_width else _PIPE_COLUMNS, highlight=False, emoji=False, markup=False
    )
