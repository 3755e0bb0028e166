"""Flips of bits in a live data file, and what is wrong about what comes of each."""

from __future__ import annotations

from pathlib import Path

from faults.flip_reader import ABSENT_DEAD, ABSENT_LIVE, CRASHED, REPORTED, RIGHT
from faults.scripts import lines_of
from faults.trials import Trials, Unpromised

WALKED_MIB_MAX = 32  # of a data file whose pages are walked at each start


def flips(folder: Path, seed: int, aimed_at: str, *, ballast_mib: int = 0) -> Trials:
    """Without end: flip a bit `anywhere` or in LMDB's `structure`. Not promised: a vector of a dead record may go unnoticed by
    reads, since its absence is also what trimming leaves; in a file too long to be walked at each start a live entry may hide
    until `paasq doctor`, or the process crash."""
    quiet = {RIGHT, REPORTED, ABSENT_DEAD}
    for outcome, place, bit in lines_of("flip_reader.py", folder, seed, aimed_at, ballast_mib):
        kind = outcome.partition(" by signal")[0]
        if kind in quiet:
            yield None
        elif ballast_mib > WALKED_MIB_MAX and kind in {ABSENT_LIVE, CRASHED}:
            yield Unpromised(kind)
        else:
            yield f"{outcome}: bit {bit} of byte {place}"
