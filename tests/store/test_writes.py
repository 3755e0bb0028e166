"""Group commit: each work by itself, acknowledged after the commit, and nothing kept of one that fails."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lmdb
import pytest

from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import StoreError


def putting(key: str) -> Callable[[WriteTransaction], Any]:
    return lambda transaction: transaction.put(1, key, {}, {})


def failing(transaction: WriteTransaction) -> None:
    transaction.put(1, "never", {}, {7: None})
    raise LookupError("of the work's own")


def test_a_failing_work_in_a_group_leaves_no_trace(store: Store) -> None:
    gate = threading.Event()
    blocked = store.write(lambda _: gate.wait())
    futures = [store.write(failing if n % 3 == 0 else putting(f"k{n}")) for n in range(30)]
    gate.set()
    blocked.result()
    for n, future in enumerate(futures):
        if n % 3 == 0:
            with pytest.raises(LookupError):
                future.result()
    seqs = [future.result().seq for n, future in enumerate(futures) if n % 3]
    assert seqs == list(range(1, 21))
    with store.read() as view:
        assert view.get(1, "never") is None
        assert [r.ordinal for r in view.scan(1)] == list(range(20))
        assert [e.seq for e in view.journal(0)] == seqs
    assert store.check() == []


def test_many_threads_get_numbers_without_gaps_and_read_their_writes(store: Store) -> None:
    seqs: list[int] = []

    def work(thread: int) -> None:
        for n in range(50):
            committed = store.write(putting(f"{thread}-{n}")).result()
            with store.read() as view:
                assert view.seq >= committed.seq
                assert view.ordinal(1, f"{thread}-{n}") == committed.value.ordinal
            seqs.append(committed.seq)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seqs) == list(range(1, 401))
    assert store.check() == []


def test_listeners_hear_of_commits_and_cannot_stop_them(store: Store) -> None:
    heard: list[int] = []
    event = threading.Event()

    def listen(seq: int) -> None:
        heard.append(seq)
        event.set()
        raise ValueError("a listener's own fault")

    store.on_commit.append(listen)
    for n in range(3):
        event.clear()
        store.write(putting(str(n))).result()
        assert event.wait(5)
    assert heard == [1, 2, 3]


def test_time_never_goes_back(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = store.write(lambda t: t.put(1, "a", {}, {})).result()
    monkeypatch.setattr("time.time_ns", lambda: 0)
    assert store.write(lambda t: t.put(1, "b", {}, {})).result().time_us == first.time_us


def input_output_error() -> lmdb.Error:
    error = lmdb.Error("mdb_txn_commit")
    error.code = 5  # type: ignore[misc]  # LMDB itself sets it
    return error


@pytest.mark.parametrize("error", [lmdb.DiskError("full"), input_output_error(), lmdb.PanicError("panic")], ids=repr)
def test_after_a_disk_error_nothing_is_acknowledged_until_it_is_opened_again(tmp_path: Path, error: lmdb.Error) -> None:
    def work(_: WriteTransaction) -> Any:
        raise error

    store = Store.open(tmp_path / "data", sync=False)
    store.write(lambda t: t.put(1, "kept", {}, {})).result()
    gate = threading.Event()
    store.write(lambda _: gate.wait())
    group = [store.write(lambda t: t.put(1, "lost", {}, {})), store.write(work)]
    gate.set()
    for future in group:
        with pytest.raises(StoreError, match="disk is failing"):
            future.result()
    with pytest.raises(StoreError, match="disk is failing"):
        store.write(lambda t: t.put(1, "later", {}, {}))
    if not isinstance(error, lmdb.PanicError):  # after which LMDB does not read either
        with store.read() as view:
            assert view.ordinal(1, "kept") == 0
    store.close()
    with Store.open(tmp_path / "data", sync=False) as again, again.read() as view:
        assert [view.ordinal(1, key) for key in ("kept", "lost", "later")] == [0, None, None]


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "data", sync=False)
    future = store.write(lambda t: t.put(1, "a", {}, {}))
    store.close()
    assert future.result().seq == 1
    with pytest.raises(StoreError, match="closed"):
        store.write(lambda t: t.put(1, "b", {}, {}))
