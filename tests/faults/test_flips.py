"""Bits flipped in the live data file: what is read of live records is right, or it is reported.

A vector of a dead record may go unnoticed by reads, since its absence is also what trimming leaves; the audit finds it.

200 flips; PAASQ_FLIPS=1000 or 100000 for longer runs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from faults.flip_reader import ABSENT_LIVE, CRASHED, RAW, RIGHT, WRONG

FLIPS = int(os.environ.get("PAASQ_FLIPS", "200"))


@pytest.mark.parametrize("aimed", [[], ["aimed"]], ids=["anywhere", "in LMDB's own parts"])
def test_no_record_is_read_silently_wrong(tmp_path: Path, aimed: list[str]) -> None:
    script = Path(__file__).with_name("flip_reader.py")
    arguments = [sys.executable, str(script), str(tmp_path / "data"), str(FLIPS), "1", *aimed]
    run = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    outcomes: dict[str, int] = json.loads(run.stdout)
    print(outcomes, run.stderr)
    assert sum(outcomes.values()) == FLIPS
    assert outcomes.get(WRONG, 0) == 0, run.stderr
    assert outcomes.get(ABSENT_LIVE, 0) == 0, run.stderr
    assert outcomes.get(RAW, 0) == 0, run.stderr
    assert outcomes[RIGHT] < FLIPS  # or the flips fell on nothing that matters
    assert outcomes.get(CRASHED, 0) == 0, run.stderr
