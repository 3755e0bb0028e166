"""Sweeps over the calls of a subject, in a process of its own that the library of failing_calls.c is preloaded into."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from faults.scripts import HERE, lines_of
from faults.trials import Trials

CAN_FAIL_CALLS = shutil.which("cc") is not None and sys.platform == "linux"
needs_failing_calls = pytest.mark.skipif(
    not CAN_FAIL_CALLS, reason="the calls fail by a library that cc makes for Linux"
)


def swept(subject: str, faults: Sequence[str], folder: Path, *, stride: int, first: int = 1) -> Trials:
    """Interrupt the subject about the call `first` and each `stride`th one after it until it ends by itself, by each fault."""
    folder.mkdir(parents=True, exist_ok=True)
    library = folder / "failing_calls.so"
    build = ["cc", "-shared", "-fPIC", "-o", str(library), str(HERE / "failing_calls.c"), "-ldl"]
    subprocess.run(build, check=True, capture_output=True)
    preloaded = {"LD_PRELOAD": str(library)}
    yield from lines_of("sweep.py", subject, ",".join(faults), folder / "swept", stride, first, environment=preloaded)
