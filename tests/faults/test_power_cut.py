"""The power is cut under a store on ext4: nothing acknowledged is lost; with sync off some is, or this proves nothing.

3 cuts; PAASQ_POWER_CUTS=60 or `make torture` for longer runs.
"""

from __future__ import annotations

import os
from contextlib import closing
from itertools import islice
from pathlib import Path

from faults.disks import needs_loop_ext4
from faults.power_cuts import power_cuts

CUTS = int(os.environ.get("PAASQ_POWER_CUTS", "3"))


@needs_loop_ext4
def test_a_power_cut_loses_nothing_acknowledged(tmp_path: Path) -> None:
    with closing(power_cuts(tmp_path, 2, sync=True)) as cuts:
        assert list(islice(cuts, CUTS)) == [None] * CUTS


@needs_loop_ext4
def test_a_power_cut_while_the_data_file_is_rewritten_loses_nothing_acknowledged(tmp_path: Path) -> None:
    with closing(power_cuts(tmp_path, 3, sync=True, rewrites=True)) as cuts:
        assert list(islice(cuts, CUTS)) == [None] * CUTS


@needs_loop_ext4
def test_without_sync_a_power_cut_loses_something(tmp_path: Path) -> None:
    with closing(power_cuts(tmp_path, 2, sync=False)) as cuts:
        assert next(cuts) is not None
