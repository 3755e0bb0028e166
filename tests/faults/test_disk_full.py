"""The disk fills up while the store writes: nothing acknowledged is lost, reads go on, deletes and trimming work by the reserve,
and writes go on by themselves when there is room. A full store opens.

The deletes come one after the other: each reuses the pages that the one before gave back. Many in one commit need more
new pages than a full disk has, and fail with a clear error.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from faults.disks import enlarge_tmpfs, needs_root, small_tmpfs
from faults.full_disk import KEYS_DELETED, delete, fill_and_empty, require_keys, write_more, write_until_full
from paasq_daemon.store.store import Store


@needs_root
@pytest.mark.parametrize("size_kib", [400, 600, 1000, 1500, 8000])
def test_a_full_disk_loses_nothing_and_can_be_emptied(tmp_path: Path, size_kib: int) -> None:
    fill_and_empty(tmp_path, size_kib)


@needs_root
@pytest.mark.parametrize("size_kib", [400, 1000, 8000])
def test_without_being_opened_again_it_deletes_on_the_full_disk_and_writes_when_there_is_room(
    tmp_path: Path, size_kib: int
) -> None:
    with small_tmpfs(tmp_path / "mount", size_kib):
        with Store.open(tmp_path / "mount" / "data") as store:
            keys = write_until_full(store)
            others = tmp_path / "mount" / "of others"
            with suppress(OSError), others.open("wb", buffering=0) as file:  # what the store may have left
                while file.write(b"x" * 512):
                    pass
            for key in keys[:KEYS_DELETED]:
                assert delete(store, key)
            assert store.trim(store.seq + 1).records == KEYS_DELETED
            require_keys(store, keys[KEYS_DELETED:])
            enlarge_tmpfs(tmp_path / "mount", size_kib * 4)
            write_more(store)
        assert (tmp_path / "mount" / "data" / "store" / "reserve").stat().st_blocks  # it is kept again


def test_a_limit_of_the_process_is_a_full_disk(tmp_path: Path) -> None:
    script = (
        "import resource, sys, pathlib; from paasq_daemon.store.store import Store\n"
        "from paasq_daemon.wire.errors import DiskFull\n"
        "with Store.open(pathlib.Path(sys.argv[1])) as store:\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY)); done = 0\n"
        "    try:\n"
        "        while True:\n"
        "            store.write(lambda t: t.put(1, f'k{done}', {1: 'x' * 20000}, {})).result(); done += 1\n"
        "    except DiskFull as full:\n"
        "        assert full.missing_bytes > 0\n"
        "    with store.read() as view: assert view.live_count(1) == done\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "    store.write(lambda t: t.put(1, 'more', {}, {})).result()\n"
        "    assert done > 5 and store.check() == []\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "data")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
