"""A store that writes until its disk is full, and what it can still do then."""

from __future__ import annotations

import random
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from faults.disks import enlarge_tmpfs, small_tmpfs
from faults.trials import Trials
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import DiskFull, PaasqError

KEYS_DELETED = 20
_KIB_MIN, _KIB_MAX = 400, 8_000


def full_disks(folder: Path, seed: int) -> Trials:
    """Without end: fill a disk of a size of chance, and empty it. What went wrong, None where nothing did."""
    chance = random.Random(seed)
    while True:
        size_kib = round(_KIB_MIN * (_KIB_MAX / _KIB_MIN) ** chance.random())  # half of them below 1,800 KiB
        try:
            fill_and_empty(folder, size_kib)
        except (AssertionError, PaasqError, pytest.fail.Exception) as problem:
            yield f"a disk of {size_kib} KiB: {problem!r}"
        else:
            yield None


def fill_and_empty(folder: Path, size_kib: int) -> None:
    """Raises AssertionError or PaasqError where something was lost, or refused that must work."""
    with small_tmpfs(folder / "mount", size_kib):
        data = folder / "mount" / "data"
        with Store.open(data) as store:
            keys = write_until_full(store)
            require_keys(store, keys)
            assert isinstance(store.write_problem, DiskFull)
            with pytest.raises(DiskFull):
                store.write(lambda t: t.put(1, "large", {1: "x" * (size_kib << 9)}, {})).result()
            require_keys(store, keys)
        with Store.open(data) as store:  # closing and opening work on a full disk
            require_keys(store, keys)
            deleted = keys[:KEYS_DELETED]
            assert deleted
            for key in deleted:
                assert delete(store, key)
            assert store.trim(store.seq + 1).records == KEYS_DELETED
            store.write(lambda t: t.put(1, "small", {}, {})).result()  # there is room again
            assert store.write_problem is None
            assert store.check() == []
        enlarge_tmpfs(folder / "mount", size_kib * 4)
        with Store.open(data) as store:
            write_more(store)
            with store.read() as view:
                assert view.live_count(1) == len(keys) - KEYS_DELETED + 301


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


def write_more(store: Store) -> None:
    store.write(lambda t: [t.put(1, f"more{n}", {1: "x" * 400}, {}) for n in range(300)]).result()
    assert store.write_problem is None
    assert store.check() == []


def delete(store: Store, key: str) -> bool:
    return bool(store.write(partial(WriteTransaction.delete, collection_id=1, key=key)).result().value)


def require_keys(store: Store, keys: list[str]) -> None:
    with store.read() as view:
        assert [r.key for r in view.scan(1)] == keys
