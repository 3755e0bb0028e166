"""The power is cut under a store on ext4: nothing acknowledged is lost; with sync off some is, or this proves nothing.

3 cuts; PAASQ_POWER_CUTS=60 or 5000 for longer runs.
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

from faults.acknowledged import lost_writes, read_acknowledged, start_writer
from faults.disks import cut_power, make_ext4, mounted_ext4, needs_loop_ext4
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import StoreError

CUTS = int(os.environ.get("PAASQ_POWER_CUTS", "3"))


def losses_of_one_cut(folder: Path, *, sync: bool, lines: int, rewrites: bool = False) -> list[str]:
    """Write, cut the power after so many acknowledgements, mount again: what is missing."""
    image, mount_point = folder / "disk", folder / "mount"
    with mounted_ext4(image, mount_point):
        writer = start_writer(mount_point / "data", sync=sync, rewrites=rewrites)
        acknowledged = read_acknowledged(writer, lines)
        time.sleep(random.Random(lines).random() / 50)
        cut_power(mount_point)
        writer.kill()
        acknowledged |= read_acknowledged(writer)
        writer.wait()
    assert acknowledged
    with mounted_ext4(image, mount_point):
        try:
            with Store.open(mount_point / "data") as store:
                return lost_writes(store, acknowledged) + [str(finding) for finding in store.check()]
        except StoreError as error:
            return [str(error)]


@needs_loop_ext4
def test_a_power_cut_loses_nothing_acknowledged(tmp_path: Path) -> None:
    make_ext4(tmp_path / "disk", 32)
    chance = random.Random(2)
    for cut in range(CUTS):
        lines = chance.randrange(1, 200)
        assert losses_of_one_cut(tmp_path, sync=True, lines=lines) == [], f"cut {cut} after {lines} lines"


@needs_loop_ext4
def test_a_power_cut_while_the_data_file_is_rewritten_loses_nothing_acknowledged(tmp_path: Path) -> None:
    make_ext4(tmp_path / "disk", 64)
    chance = random.Random(3)
    for cut in range(CUTS):
        lines = chance.randrange(1, 400)
        assert losses_of_one_cut(tmp_path, sync=True, lines=lines, rewrites=True) == [], (
            f"cut {cut} after {lines} lines"
        )


@needs_loop_ext4
def test_without_sync_a_power_cut_loses_something(tmp_path: Path) -> None:
    make_ext4(tmp_path / "disk", 32)
    with mounted_ext4(tmp_path / "disk", tmp_path / "mount"), Store.open(tmp_path / "mount" / "data"):
        pass  # so that what is lost is writes, and not the folder
    assert losses_of_one_cut(tmp_path, sync=False, lines=500) != []
