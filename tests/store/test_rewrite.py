"""A rewrite of the data file under readers and writers: the same content in fewer bytes, and none of what was deleted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import lmdb
import pytest

from paasq_daemon.snapshot.create import create_snapshot
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.store.content_digest import logical_digest
from paasq_daemon.store.data_file_rewrite import DataFileRewrite, RecordingTable
from paasq_daemon.store.store import Store
from paasq_daemon.store.tables import Table
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import CorruptRecord, StoreError

COUNT = 300
VECTOR = bytes(range(64)) * 4


def put_all(store: Store, text: str) -> None:
    def work(transaction: WriteTransaction) -> None:
        for number in range(COUNT):
            vectors = {7: VECTOR if number % 2 else None}
            transaction.put(1 + number % 3, f"k{number}", {1: f"{text} {number} " * 20}, vectors)

    store.write(work).result()


def data_bytes(store: Store) -> int:
    return (store.folder / "store" / "data.mdb").stat().st_size


def content(store: Store) -> str:
    with store.read() as view:
        return logical_digest(view)


@pytest.fixture
def grown(store: Store) -> Iterator[Store]:
    """A store that was written 20 times over, with its history trimmed."""
    for number in range(20):
        put_all(store, f"secret{number}")
    store.trim(store.seq + 1)
    yield store
    with Store.open(store.folder, sync=False) if store._closing.is_set() else nullcontext(store) as opened:
        assert opened.check() == []
    assert [path.name for path in store.folder.iterdir() if path.name.startswith("rewrite-")] == []


def test_it_is_small_and_equal(grown: Store, tmp_path: Path) -> None:
    before = content(grown)
    done = grown.rewrite()
    assert done.before_bytes > 3 * done.after_bytes == 3 * data_bytes(grown)
    assert content(grown) == before
    with Store.open(tmp_path / "fresh", sync=False) as fresh:
        put_all(fresh, "secret19")
        assert data_bytes(grown) <= 1.5 * data_bytes(fresh)


def test_not_a_byte_of_what_was_deleted_is_in_it(grown: Store) -> None:
    path = grown.folder / "store" / "data.mdb"
    assert b"secret3 " in path.read_bytes()
    grown.rewrite()
    raw = path.read_bytes()
    assert b"secret19 " in raw
    assert [n for n in range(19) if f"secret{n} ".encode() in raw] == []


def test_it_is_written_to_and_opened_again(grown: Store) -> None:
    for text in ("first", "second"):
        grown.rewrite()
        put_all(grown, text)
    before = content(grown)
    folder = grown.folder
    grown.close()
    with Store.open(folder, sync=False) as again:
        assert content(again) == before
        assert again.check() == []
        again.rewrite()
        assert content(again) == before
        with again.read() as view:
            assert view.get(1, "k0").fields == {1: "second 0 " * 20}  # type: ignore[union-attr]  # it is there


def test_a_reader_keeps_what_it_sees_and_then_gives_the_blocks_back(grown: Store) -> None:
    old = grown._data_file
    with grown.read() as view:
        seen = logical_digest(view)
        grown.rewrite()
        put_all(grown, "later")
        assert logical_digest(view) == seen
        assert next(record.fields for record in view.scan(1)) == {1: "secret19 0 " * 20}
        with grown.read() as other:
            assert other.get(1, "k0").fields == {1: "later 0 " * 20}  # type: ignore[union-attr]  # as above
        assert old.environment.info()["last_txnid"]
    with pytest.raises(lmdb.Error, match="closed"):
        old.environment.info()


@pytest.mark.parametrize(
    "write",
    [
        lambda t: t.put(1, "k0", {1: "replaced"}, {7: None}),
        lambda t: t.put(9, "new", {1: "in a new collection"}, {}),
        lambda t: t.delete(1, "k0"),
        lambda t: t.put_vector(1, 7, t.ordinal(1, "k0"), VECTOR),
        lambda t: t.mark_vector_pending(2, 7, t.ordinal(2, "k1")),
        lambda t: [t.put(4, f"many{n}", {1: "x" * 100}, {}) for n in range(5_000)],
    ],
    ids=["put", "new collection", "delete", "vector", "pending", "more than are brought up to date at a time"],
)
@pytest.mark.parametrize("batch", [0, 3, -1], ids=["first", "in between", "last"])
def test_what_is_written_meanwhile_is_in_it(grown: Store, write: Callable[[WriteTransaction], Any], batch: int) -> None:
    batches: list[int] = []
    grown.rewrite(between=lambda: batches.append(len(batches)))
    wanted = batches[batch]
    batches.clear()

    def write_in_between() -> None:
        if len(batches) == wanted:
            grown.write(write).result()
        batches.append(1)

    before = content(grown)
    grown.rewrite(between=write_in_between)
    assert content(grown) != before
    with grown.read() as view:
        assert next(iter(view.journal(view.seq - 1))).seq == view.seq
    # and it is what the same write makes of the old file, as `check` of the fixture proves by sums and references


def test_a_trim_meanwhile_is_in_it(grown: Store) -> None:
    put_all(grown, "replaced")
    grown.rewrite(between=lambda: void(grown.trim(grown.seq + 1)))
    with grown.read() as view:
        assert view.journal_start == view.seq + 1
        assert grown.rewrite().entries < 4 * COUNT


def test_writers_and_readers_go_on(grown: Store) -> None:
    stop = threading.Event()
    failed: list[BaseException] = []
    acknowledged: dict[str, int] = {}

    def keep_going(work: Callable[[], None]) -> None:
        try:
            while not stop.is_set():
                work()
        except BaseException as error:  # noqa: BLE001  # the test reports it
            failed.append(error)

    def write(thread: int) -> None:
        number = acknowledged.get(f"{thread}", 0) + 1
        grown.write(lambda t: t.put(5, f"{thread}", {1: number}, {})).result()
        acknowledged[f"{thread}"] = number

    def read() -> None:
        with grown.read() as view:
            assert len(list(view.scan(1))) == COUNT // 3

    threads = [threading.Thread(target=keep_going, args=(partial(write, n),)) for n in range(3)]
    threads += [threading.Thread(target=keep_going, args=(read,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(15):
        known = dict(acknowledged)
        grown.rewrite()
        with grown.read() as view:
            assert all(int(str(view.get(5, key).fields[1])) >= number for key, number in known.items())  # type: ignore[union-attr]  # as above
    stop.set()
    for thread in threads:
        thread.join()
    assert failed == []
    with grown.read() as view:
        assert {key: view.get(5, key).fields[1] for key in acknowledged} == acknowledged  # type: ignore[union-attr]  # as above
        assert len(list(view.journal(view.journal_start - 1))) == view.seq - view.journal_start + 1


def test_a_snapshot_that_is_under_way_is_of_its_moment_and_the_next_of_the_new_file(
    grown: Store, tmp_path: Path
) -> None:
    storage = LocalStorage(tmp_path / "snapshots")
    before = content(grown)
    rewritten: list[int] = []

    def rewrite_once(_: int) -> None:
        if not rewritten:
            rewritten.append(grown.rewrite().after_bytes)
            put_all(grown, "later")

    create_snapshot(grown, storage, "one", on_progress=rewrite_once)
    create_snapshot(grown, storage, "two")
    for name, expected in (("one", before), ("two", content(grown))):
        restore_snapshot(storage, name, tmp_path / name)
        with Store.open(tmp_path / name, sync=False) as restored:
            assert content(restored) == expected
            assert restored.check() == []


def void(_: object) -> None:
    """For a lambda that returns nothing."""


def test_given_up_it_changes_nothing_and_the_next_goes_on(grown: Store) -> None:
    class Enough(Exception):
        pass

    def give_up() -> None:
        if not left:
            raise Enough
        left.pop()

    before, size = content(grown), data_bytes(grown)
    for batches in range(8):
        left = [1] * batches
        with pytest.raises(Enough):
            grown.rewrite(between=give_up)
        assert (content(grown), data_bytes(grown)) == (before, size)
        assert [path.name for path in grown.folder.iterdir() if path.name.startswith("rewrite-")] == []
    put_all(grown, "after")
    assert grown.rewrite().after_bytes < size


def test_entries_are_changed_and_left_out(store: Store) -> None:
    store.write(lambda t: t.put(1, "kept", {1: "kept"}, {})).result()
    catalogs = [(b"extra", b"to be left out"), (b"other", b"to be changed")]
    with store._data_file.environment.begin(write=True) as txn:
        for key, payload in catalogs:
            store._data_file.tables.meta.put(txn, key, payload)

    def change(table: Table, key: bytes, payload: bytes) -> bytes | None:
        return {b"extra": None, b"other": b"changed"}.get(key, payload) if table.seed == 0 else payload

    store.rewrite(change)
    with store.read() as view:
        assert view.tables.meta.get(view.txn, b"extra") is None
        assert view.tables.meta.get(view.txn, b"other") == b"changed"
        assert view.get(1, "kept")


def test_a_change_that_does_not_fit_the_counters_is_refused(grown: Store) -> None:
    before = content(grown)
    with pytest.raises(StoreError, match="changed copy of the data file is not sound"):
        grown.rewrite(lambda table, _, payload: None if table.name in ("vectors", "vectors2") else payload)
    assert content(grown) == before


def test_a_damaged_entry_is_refused_by_name_and_nothing_changes(grown: Store) -> None:
    data_file = grown._data_file
    table = data_file.tables.vectors
    with data_file.environment.begin(write=True) as txn:
        key, sound = next(iter(table.scan_raw(txn)))
        table.put_raw(txn, key, sound[:-1] + bytes([sound[-1] ^ 1]))
    size = data_bytes(grown)
    with pytest.raises(CorruptRecord, match="checksum"):
        grown.rewrite()
    assert data_bytes(grown) == size
    with data_file.environment.begin(write=True) as txn:
        table.put_raw(txn, key, sound)


@pytest.mark.parametrize("lose", ["an entry", "a change"])
def test_a_copy_that_is_not_equal_is_refused(grown: Store, monkeypatch: pytest.MonkeyPatch, lose: str) -> None:
    if lose == "an entry":
        entries = DataFileRewrite._entries
        monkeypatch.setattr(DataFileRewrite, "_entries", lambda *args: list(entries(*args))[1:])
    else:
        monkeypatch.setattr(DataFileRewrite, "follow", lambda *_: None)
    calls: list[int] = []

    def write_once() -> None:
        calls.append(1)
        if len(calls) == 2:
            grown.write(lambda t: t.put(1, "k0", {1: "replaced"}, {})).result()

    size = data_bytes(grown)
    with pytest.raises(StoreError):
        grown.rewrite(between=write_once)
    assert data_bytes(grown) >= size


def test_after_a_failed_sync_of_the_swap_nothing_is_acknowledged(grown: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(grown)
    monkeypatch.setattr("paasq_daemon.store.data_file_swap.fsync_folder", _failing_after(1))
    with pytest.raises(StoreError, match="while the data file was replaced"):
        grown.rewrite()
    with pytest.raises(StoreError, match="while the data file was replaced"):
        grown.write(lambda t: t.put(1, "k0", {}, {}))
    assert content(grown) == before
    assert isinstance(grown.write_problem, StoreError)


def _failing_after(count: int) -> Callable[[Path], None]:
    calls: list[Path] = []

    def sync(folder: Path) -> None:
        calls.append(folder)
        if len(calls) > count:
            raise OSError(5, "Input/output error")

    return sync


def test_a_store_that_is_closed_meanwhile_ends_the_rewrite(grown: Store) -> None:
    closing = threading.Thread(target=grown.close)

    def close() -> None:
        if not closing.ident:
            closing.start()
            time.sleep(0.05)

    with pytest.raises(StoreError, match="is closed, and its data file was not rewritten"):
        grown.rewrite(between=close)
    closing.join()


def test_every_way_to_write_a_table_is_recorded() -> None:
    """Else the copy would lack what is written by a new one while it is made."""
    writes = {"put", "replace", "pop", "delete", "putmulti", "drop"}
    found = {
        name
        for name, method in vars(Table).items()
        if callable(method) and hasattr(method, "__code__") and writes & set(method.__code__.co_names)
    }
    assert found == {"put", "delete", "put_raw"}
    assert found <= set(vars(RecordingTable))
