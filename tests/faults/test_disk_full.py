"""The disk fills up while the store writes: nothing acknowledged is lost, reads go on, deletes and trimming work by the reserve,
and writes go on by themselves when there is room. A full store opens.

The deletes come one after the other: each reuses the pages that the one before gave back. Many in one commit need more
new pages than a full disk has, and fail with a clear error.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from faults.disks import enlarge_tmpfs, needs_root, small_tmpfs
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import DiskFull

KEYS_DELETED = 20


def write_until_full(store: Store) -> list[str]:
    """The keys that were acknowledged before the disk was full."""
    keys: list[str] = []

    def write_all() -> None:
        for number in count():
            write_one(f"k{number}")

    def write_one(key: str) -> None:
        store.write(lambda t: t.put(1, key, {1: key * 50}, {})).result()
        keys.append(key)

    with pytest.raises(DiskFull, match=r"about [\d,]+ bytes are missing") as refused:
        write_all()
    assert refused.value.missing_bytes > 0
    return keys


def require_keys(store: Store, keys: list[str]) -> None:
    with store.read() as view:
        assert [r.key for r in view.scan(1)] == keys


@needs_root
@pytest.mark.parametrize("size_kib", [400, 600, 1000, 1500, 8000])
def test_a_full_disk_loses_nothing_and_can_be_emptied(tmp_path: Path, size_kib: int) -> None:
    with small_tmpfs(tmp_path / "mount", size_kib):
        folder = tmp_path / "mount" / "data"
        with Store.open(folder) as store:
            keys = write_until_full(store)
            require_keys(store, keys)
            assert isinstance(store.write_problem, DiskFull)
            with pytest.raises(DiskFull):
                store.write(lambda t: t.put(1, "large", {1: "x" * (size_kib << 9)}, {})).result()
            require_keys(store, keys)
        with Store.open(folder) as store:  # closing and opening work on a full disk
            require_keys(store, keys)
            deleted = keys[:KEYS_DELETED]
            assert deleted
            for key in deleted:
                assert store.write(partial(WriteTransaction.delete, collection_id=1, key=key)).result().value
            assert store.trim(store.seq + 1).records == KEYS_DELETED
            store.write(lambda t: t.put(1, "small", {}, {})).result()  # there is room again
            assert store.write_problem is None
            assert store.check() == []
        enlarge_tmpfs(tmp_path / "mount", size_kib * 4)
        with Store.open(folder) as store:
            store.write(lambda t: [t.put(1, f"more{n}", {1: "x" * 400}, {}) for n in range(300)]).result()
            assert store.check() == []
            with store.read() as view:
                assert view.live_count(1) == len(keys) - KEYS_DELETED + 301


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
                assert store.write(partial(WriteTransaction.delete, collection_id=1, key=key)).result().value
            assert store.trim(store.seq + 1).records == KEYS_DELETED
            require_keys(store, keys[KEYS_DELETED:])
            enlarge_tmpfs(tmp_path / "mount", size_kib * 4)
            store.write(lambda t: [t.put(1, f"more{n}", {1: "x" * 400}, {}) for n in range(300)]).result()
            assert store.write_problem is None
            assert store.check() == []
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
