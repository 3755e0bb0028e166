"""Calls that open, write, sync, rename or remove: the n-th one fails, or kills, for n from the first to the last."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial

from faults.failing import CAN_FAIL_CALLS, swept
from faults.subjects import SUBJECTS
from faults.sweep import FAULTS
from faults.trials import Trials
from torture.row import Options, Row

PASSES = 16  # each takes every 16th of the calls, so that time that runs out leaves a sample of all
KILL = "kill"


def sweeps(group: str, what: str, faults: Sequence[str]) -> tuple[Row, ...]:
    """A row for each subject, with these faults in turn."""
    return tuple(
        Row(group, f"{name}: {what}", partial(_sweep, name, faults), lacks=partial(_lacks, exists=subject.exists()))
        for name, subject in SUBJECTS.items()
    )


def _lacks(*, exists: bool) -> str:
    if not exists:
        return "not built yet"
    return "" if CAN_FAIL_CALLS else "needs Linux and cc"


def _sweep(subject: str, faults: Sequence[str], given: Options) -> Trials:
    for first in random.Random(given.seed).sample(range(PASSES), PASSES):
        stride = PASSES * given.stride
        yield from swept(subject, faults, given.folder, stride=stride, first=1 + first * given.stride)


ROWS = sweeps("calls", "EIO and ENOSPC at the n-th call", [fault for fault in FAULTS if fault != KILL])
