"""The power is cut under a store on ext4, again and again."""

from __future__ import annotations

import random
import time
from pathlib import Path

from faults.acknowledged import lost_writes, read_acknowledged, start_writer
from faults.disks import cut_power, make_ext4, mounted_ext4
from faults.trials import Trials
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import StoreError

_IMAGE_MIB = 64


def power_cuts(folder: Path, seed: int, *, sync: bool, rewrites: bool = False) -> Trials:
    """Without end: cut the power at a moment of chance. What was lost, None where nothing was. Without `sync` the store
    acknowledges before the disk has it, so some of it must be lost. `rewrites` has the data file rewritten all the while."""
    image, mount_point = folder / "disk", folder / "mount"
    make_ext4(image, _IMAGE_MIB)
    with mounted_ext4(image, mount_point), Store.open(mount_point / "data"):
        pass  # so that what is lost is writes, and not the folder
    chance = random.Random(seed)
    while True:
        lines = chance.randrange(1, 200) if sync else 500
        problems = _losses_of_one_cut(image, mount_point, chance, sync=sync, rewrites=rewrites, lines=lines)
        yield f"cut after {lines} lines: {'; '.join(problems[:3])}" if problems else None


def _losses_of_one_cut(
    image: Path, mount_point: Path, chance: random.Random, *, sync: bool, rewrites: bool, lines: int
) -> list[str]:
    """Write, cut the power after so many acknowledgements, mount again: what is missing."""
    with mounted_ext4(image, mount_point):
        writer = start_writer(mount_point / "data", sync=sync, rewrites=rewrites)
        acknowledged = read_acknowledged(writer, lines)
        time.sleep(chance.random() / 50)  # so that the cut falls anywhere in a commit
        cut_power(mount_point)
        writer.kill()
        acknowledged |= read_acknowledged(writer)
        writer.wait()
    assert acknowledged
    with mounted_ext4(image, mount_point):
        try:
            with Store.open(mount_point / "data") as store:
                lost = lost_writes(store, acknowledged) + [str(finding) for finding in store.check()]
                store.trim(store.seq - 10)  # so that the audit of a long run stays short
                return lost
        except StoreError as error:
            return [str(error)]
