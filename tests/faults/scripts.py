"""Scripts that print a line of JSON for each thing they did, in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_LAST_WORDS = 2_000


def lines_of(
    script: str, *arguments: object, environment: Mapping[str, str] | None = None
) -> Generator[Any, None, None]:
    """What each line says, as soon as it is printed. Raises AssertionError where the script fails; closing it ends the script."""
    command = [sys.executable, str(HERE / script), *map(str, arguments)]
    variables = {**os.environ, "PYTHONPATH": str(HERE.parent), **(environment or {})}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            for line in process.stdout:
                yield json.loads(line)
            assert process.wait() == 0, process.stderr.read()[-_LAST_WORDS:]
        finally:
            process.terminate()
