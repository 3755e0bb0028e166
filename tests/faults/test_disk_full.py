"""The disk fills up while the store writes: nothing acknowledged is lost, a full store opens, and deleting works.

The deletes come one after the other: each reuses the pages that the one before gave back. Many in one commit need more
new pages than a full disk has, and fail with a clear error.
"""

from __future__ import annotations

from functools import partial
from itertools import count
from pathlib import Path

import pytest

from faults.disks import enlarge_tmpfs, needs_root, small_tmpfs
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import StoreError

KEYS_DELETED = 20


def write_until_full(folder: Path) -> list[str]:
    """The keys that were acknowledged before the disk was full."""
    keys: list[str] = []
    store = Store.open(folder)

    def write_all() -> None:
        for number in count():
            write_one(f"k{number}")

    def write_one(key: str) -> None:
        store.write(lambda t: t.put(1, key, {1: key * 50}, {})).result()
        keys.append(key)

    with pytest.raises(StoreError, match="disk is full or failing"):
        write_all()
    with pytest.raises(StoreError, match="disk is full or failing"):
        store.write(lambda t: t.put(1, "after", {}, {}))
    store.close()
    return keys


@needs_root
@pytest.mark.parametrize("size_kib", [400, 600, 1000, 1500])
def test_a_full_disk_loses_nothing_and_can_be_emptied(tmp_path: Path, size_kib: int) -> None:
    with small_tmpfs(tmp_path / "mount", size_kib):
        folder = tmp_path / "mount" / "data"
        keys = write_until_full(folder)
        deleted = keys[:KEYS_DELETED]
        assert deleted
        with Store.open(folder) as store:
            with store.read() as view:
                assert [r.key for r in view.scan(1)] == keys
            for key in deleted:
                assert store.write(partial(WriteTransaction.delete, collection_id=1, key=key)).result().value
            assert store.trim(store.seq + 1).records == KEYS_DELETED
            store.write(lambda t: t.put(1, "small", {}, {})).result()  # there is room again
            assert store.check() == []
        enlarge_tmpfs(tmp_path / "mount", size_kib * 4)
        with Store.open(folder) as store:
            store.write(lambda t: [t.put(1, f"more{n}", {1: "x" * 400}, {}) for n in range(300)]).result()
            assert store.check() == []
            with store.read() as view:
                assert view.live_count(1) == len(keys) - KEYS_DELETED + 301
