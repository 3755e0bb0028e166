"""Calls that open, write, sync, rename or remove: the n-th one fails, or kills, for n from the first to the last."""

from __future__ import annotations

import random
from collections.abc import Sequence
from contextlib import ExitStack, closing
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
    firsts = random.Random(given.seed).sample(range(PASSES), PASSES)
    for first in firsts:
        with ExitStack() as stack:
            under_way = [
                stack.enter_context(
                    closing(
                        swept(
                            subject, fault, given.folder / fault,
                            stride=PASSES * given.stride, first=1 + first * given.stride,
                        )
                    )
                )
                for fault in faults
            ]  # fmt: skip
            while under_way:
                for trials in list(under_way):
                    try:
                        yield next(trials)
                    except StopIteration:
                        under_way.remove(trials)


ROWS = sweeps("calls", "EIO and ENOSPC at the n-th call", [fault for fault in FAULTS if fault != KILL])
