"""The disk fails at the n-th call that opens, writes, syncs, renames or removes, once and from then on: what was acknowledged is
there, answers are right, the store opens afterwards and works, and whoever asked got one of our errors.

Every 19th call; PAASQ_FAULT_STRIDE=1 for all.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
STRIDE = int(os.environ.get("PAASQ_FAULT_STRIDE", "19"))


@pytest.mark.skipif(
    shutil.which("cc") is None or sys.platform != "linux", reason="the calls fail by a library that cc makes"
)
@pytest.mark.parametrize("scenario", ["put", "load", "snapshot", "restore", "compact"])
def test_a_call_that_fails_costs_nothing_acknowledged(tmp_path: Path, scenario: str) -> None:
    library = tmp_path / "failing_calls.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", str(library), str(HERE / "failing_calls.c"), "-ldl"],
        check=True,
        capture_output=True,
    )
    environment = {**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": str(HERE.parent)}
    done = subprocess.run(
        [sys.executable, str(HERE / "sweep.py"), scenario, str(tmp_path / "swept"), str(STRIDE)],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["wrong"] == [], done.stderr
    assert outcome["runs"] >= 4
