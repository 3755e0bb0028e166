"""The n-th call that opens, writes, syncs, renames or removes fails, once or from then on, or the process is killed just before
it: what was acknowledged is there, answers are right, all opens afterwards and works, and whoever asked got one of our errors.

Some of the calls; PAASQ_FAULT_STRIDE=1 for all. `make torture` does it with each fault.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from faults.failing import needs_failing_calls, swept
from faults.subjects import SUBJECTS

FAULTS = ("EIO once", "EIO from then on", "kill")
STRIDES = {
    "commit": 1,
    "snapshot delete": 3,
    "restore": 13,
    "upgrade": 311,
    "forget": 67,
    "repair": 67,
}  # few calls, and many


@needs_failing_calls
@pytest.mark.parametrize("subject", [name for name, subject in SUBJECTS.items() if subject.exists()])
def test_an_interruption_costs_nothing_acknowledged(tmp_path: Path, subject: str) -> None:
    stride = int(os.environ.get("PAASQ_FAULT_STRIDE", STRIDES.get(subject, 37)))
    outcomes = list(swept(subject, FAULTS, tmp_path, stride=stride, first=1))
    assert [problem for problem in outcomes if problem] == []
    assert len(outcomes) >= 2 * len(FAULTS)  # each was interrupted at least once, and ended by itself at last
