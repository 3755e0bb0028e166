"""Bits flipped in the live data file: what is read of live records is right, or it is reported.

200 flips anywhere and 200 in LMDB's own parts; PAASQ_FLIPS=1000 or `make torture` for longer runs.
"""

from __future__ import annotations

import os
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from faults.flip_reader import REPORTED, RIGHT
from faults.flips import flips
from faults.scripts import lines_of

FLIPS = int(os.environ.get("PAASQ_FLIPS", "200"))


@pytest.mark.parametrize("aimed_at", ["anywhere", "structure"])
def test_no_record_is_read_silently_wrong(tmp_path: Path, aimed_at: str) -> None:
    with closing(flips(tmp_path / "data", 1, aimed_at)) as found:
        assert [problem for problem in islice(found, FLIPS) if problem] == []


def test_the_flips_fall_on_what_matters(tmp_path: Path) -> None:
    outcomes = {outcome for outcome, *_ in lines_of("flip_reader.py", tmp_path / "data", 2, "structure", 0, 20)}
    assert outcomes == {RIGHT, REPORTED}
