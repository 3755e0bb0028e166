"""Bits that changed on the disk, in each kind of file."""

from __future__ import annotations

from functools import partial

from faults.flipped_files import FILE_KINDS, flipped_files
from faults.flips import WALKED_MIB_MAX, flips
from faults.trials import Trials
from torture.row import Options, Row

_LARGE_MIB = WALKED_MIB_MAX + 2


def _data_file(aimed_at: str, ballast_mib: int, given: Options) -> Trials:
    return flips(given.folder / "data", given.seed, aimed_at, ballast_mib=ballast_mib)


def _other_file(kind: str, given: Options) -> Trials:
    return flipped_files(given.folder, given.seed, kind)


ROWS = (
    Row("flips", "a bit of the data file", partial(_data_file, "anywhere", 0)),
    Row("flips", "a bit of the data file in LMDB's pages that are in use", partial(_data_file, "structure", 0)),
    Row("flips", f"the same with a data file above {WALKED_MIB_MAX} MiB", partial(_data_file, "structure", _LARGE_MIB)),
    *(Row("flips", f"a bit of: {kind}", partial(_other_file, kind)) for kind in FILE_KINDS),
)
