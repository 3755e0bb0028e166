"""LMDB takes the header of the greater number for the newest: one bit of a number would lead back by a transaction, silently."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import lmdb
import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.services.doctor import diagnose
from paasq_daemon.services.repair import repair
from paasq_daemon.snapshot.create import create_snapshot
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.store.data_file_header import newest_meta, read_metas
from paasq_daemon.store.layout import PAGE_BYTES
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import StoreError
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

ROUNDS = 8
NUMBER_AT, HEADER_BYTES = 144, 152
UNUSED = {  # bytes of a header that nobody reads, by what is there
    "page number and padding": range(10), "bounds": range(12, 16), "address and size of the map": range(24, 40)
}  # fmt: skip


@pytest.fixture(params=range(2), ids=["even", "odd"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The newest transaction is of an even or an odd number, so that it stands in the one header or the other."""
    folder = tmp_path / "data"
    instance = Instance.open(folder, embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request("collection note { key id: keyword  n: int }"))
    while instance.store.seq < ROUNDS or newest_meta(data_file(folder)).transaction % 2 != request.param:
        instance.records.put("note", [{"id": f"k{instance.store.seq % 3}", "n": instance.store.seq}])
    instance.close()
    assert newest_meta(data_file(folder)).transaction % 2 == request.param
    return folder


def data_file(folder: Path) -> Path:
    return folder / "store" / "data.mdb"


def newest_at(folder: Path) -> int:
    return newest_meta(data_file(folder)).transaction % 2 * PAGE_BYTES


def flips(folder: Path, places: range, bits: Callable[[int], range]) -> Iterator[tuple[int, int]]:
    """Each of these bits of the file is flipped for one turn."""
    original = data_file(folder).read_bytes()
    for place in places:
        for bit in bits(place):
            raw = bytearray(original)
            raw[place] ^= 1 << bit
            data_file(folder).write_bytes(raw)
            yield place, bit
    data_file(folder).write_bytes(original)


def all_bits(_: int) -> range:
    return range(8)


def one_bit(place: int) -> range:
    return range(place % 8, place % 8 + 1)


@pytest.mark.parametrize("header", range(2), ids=["first", "second"])
def test_each_bit_of_a_number_is_found_by_the_open_and_by_the_doctor(folder: Path, header: int) -> None:
    first = header * PAGE_BYTES
    for _ in flips(folder, range(first + NUMBER_AT, first + HEADER_BYTES), all_bits):
        with pytest.raises(StoreError, match="header") as refused:
            Store.open(folder)
        assert "`paasq doctor --repair`" in str(refused.value.hint)
        assert diagnose(folder).of("data file").findings
    Store.open(folder).close()


@pytest.mark.parametrize("is_newest", [True, False], ids=["newest", "older"])
def test_a_bit_of_any_other_byte_is_found_or_does_no_harm(folder: Path, is_newest: bool) -> None:
    first = newest_at(folder) if is_newest else PAGE_BYTES - newest_at(folder)
    with Store.open(folder) as store, store.read() as view:
        expected = [view.seq, *view.scan(1)]
    harmless = set[int]()
    for place, _ in flips(folder, range(first, first + NUMBER_AT), one_bit):
        try:
            with Store.open(folder, sync=False) as store:
                assert store.check() == []
                with store.read() as view:
                    assert [view.seq, *view.scan(1)] == expected, place
                store.write(lambda t: t.put(1, "more", {1: "more"}, {})).result()
                assert store.check() == []
            harmless.add(place - first)
        except StoreError:
            continue
    assert harmless >= {place for unused in UNUSED.values() for place in unused}
    assert len(harmless) < (60 if is_newest else NUMBER_AT)


@pytest.mark.parametrize("header", range(2), ids=["first", "second"])
@pytest.mark.parametrize("bit", [0, 1, 5, 40])
def test_a_repair_has_the_newest_state_also_where_it_has_no_sequence_number(
    folder: Path, header: int, bit: int
) -> None:
    with Store.open(folder, sync=False) as store:
        last, number = store.seq, newest_meta(data_file(folder)).transaction
        store.trim(last)
        with store.read() as view:
            assert (view.seq, view.journal_start) == (last, last)
    assert newest_meta(data_file(folder)).transaction > number
    raw = bytearray(data_file(folder).read_bytes())
    raw[header * PAGE_BYTES + NUMBER_AT + bit // 8] ^= 1 << bit % 8
    data_file(folder).write_bytes(raw)
    done = repair(folder, diagnose(folder))
    assert done.mended.lost == []
    with Store.open(folder) as store, store.read() as view:
        assert store.check() == []
        assert (view.seq, view.journal_start, view.live_count(1)) == (last, last, 3)


def plain_copy(folder: Path, into: Path) -> None:
    copied_by_lmdb(folder, into, compact=False)


def compacted_copy(folder: Path, into: Path) -> None:
    copied_by_lmdb(folder, into, compact=True)


def copied_by_lmdb(folder: Path, into: Path, *, compact: bool) -> None:
    shutil.copytree(folder, into)
    data_file(into).unlink()
    with lmdb.open(str(folder / "store"), max_dbs=16, lock=False) as environment:
        environment.copy(str(into / "store"), compact=compact)


def rewritten(folder: Path, into: Path) -> None:
    shutil.copytree(folder, into)
    with Store.open(into, sync=False) as store:
        store.rewrite()


def restored(folder: Path, into: Path) -> None:
    storage = LocalStorage(into.with_name("snapshots"))
    with Store.open(folder, sync=False) as store, store.read():
        create_snapshot(store, storage, "one")
    restore_snapshot(storage, "one", into)


def edited_by_hand(folder: Path, into: Path) -> None:
    """A transaction that is not one of ours."""
    shutil.copytree(folder, into)
    with lmdb.open(str(into / "store"), max_dbs=16) as environment:
        handle = environment.open_db(b"meta2", create=False)
        with environment.begin(write=True) as txn:
            txn.put(b"by hand", b"", db=handle)
            txn.delete(b"by hand", db=handle)


@pytest.mark.parametrize("made", [plain_copy, compacted_copy, rewritten, restored, edited_by_hand])
def test_headers_that_were_made_otherwise_hold(
    folder: Path, tmp_path: Path, made: Callable[[Path, Path], None]
) -> None:
    into = tmp_path / "into"
    made(folder, into)
    for number in range(3):  # and after each of the next transactions
        assert read_metas(data_file(into))[1] == []
        assert diagnose(into).is_data_sound
        with Store.open(into, sync=False) as store:
            store.write(lambda t, number=number: t.put(1, f"more{number}", {1: "x"}, {})).result()  # type: ignore[misc]  # as above


def test_the_first_transactions_of_a_new_store_hold(tmp_path: Path) -> None:
    for number in range(6):
        with Store.open(tmp_path / "data") as store:
            metas, problems = read_metas(data_file(tmp_path / "data"))
            assert problems == []
            assert max(meta.transaction for meta in metas) <= number + 2
            store.write(lambda t: t.put(1, "a", {}, {})).result()


def test_a_last_page_beyond_the_file_is_said_by_the_doctor(folder: Path) -> None:
    raw = bytearray(data_file(folder).read_bytes())
    raw[newest_at(folder) + 142] ^= 1  # of 2 ** 48 pages
    data_file(folder).write_bytes(raw)
    found = diagnose(folder).of("data file").findings
    assert len(found) == 1
    assert "is the last, and the file has" in found[0]
    assert repair(folder, diagnose(folder)).mended.lost == []
    assert data_file(folder).stat().st_size < 2**20
    Store.open(folder).close()
