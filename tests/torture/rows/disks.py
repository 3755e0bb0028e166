"""Disks that lose their power, and disks that are full."""

from __future__ import annotations

import os
from functools import partial

from faults.disks import CAN_CUT_POWER
from faults.full_disk import full_disks
from faults.power_cuts import power_cuts
from faults.trials import Trials
from torture.row import Options, Row


def _lacks_power_cuts() -> str:
    return "" if CAN_CUT_POWER else "needs root, loop devices and mkfs.ext4"


def _lacks_mounting() -> str:
    return "" if os.geteuid() == 0 else "only root may mount"


def _with_power_cuts(sync: bool, given: Options) -> Trials:
    return power_cuts(given.folder, given.seed, sync=sync)


def _full(given: Options) -> Trials:
    return full_disks(given.folder, given.seed)


ROWS = (
    Row("power", "power cut while three threads write", partial(_with_power_cuts, True), lacks=_lacks_power_cuts),
    Row("power", "power cut without waiting for the disk", partial(_with_power_cuts, False), True, _lacks_power_cuts),
    Row("disk", "disk of a size of chance is full and emptied and enlarged", _full, lacks=_lacks_mounting),
)
