"""Any moment is restored as the store was then: forward by the archived journal, back by a snapshot's own history."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from paasq_daemon.snapshot import journal_archive
from paasq_daemon.snapshot.create import create_snapshot
from paasq_daemon.snapshot.garbage_collection import delete_snapshots
from paasq_daemon.snapshot.journal_archive import archive_journal, list_segments, read_segment
from paasq_daemon.snapshot.journal_rewrite import forget_in_archive
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.moment import Moment, parse_moment
from paasq_daemon.snapshot.restore_moment import restore_moment
from paasq_daemon.snapshot.rolling_check import PARTS, check_part
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.snapshot.verify import verify_snapshot
from paasq_daemon.store.origin import read_origin
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import CorruptRecord, SnapshotError
from paasq_dsl.values import format_time
from store.moments import History, holds


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is not waited for: nothing here is a test of power cuts."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def target(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "snapshots")


def restored(target: LocalStorage, seq: int, into: Path, name: str | None = None) -> dict[str, Any]:
    restore_moment(target, Moment(seq=seq), into, name)
    with Store.open(into, sync=False) as store, store.read() as view:
        assert store.check() == []
        found = holds(view)
    shutil.rmtree(into)
    return found


@pytest.mark.parametrize("seed", range(6))
def test_every_moment_is_restored_as_it_was(store: Store, target: LocalStorage, tmp_path: Path, seed: int) -> None:
    history = History(store, seed, anew=False)
    create_snapshot(store, target, "empty")
    history.write(10)
    archive_journal(store, target)
    history.write(10)
    create_snapshot(store, target, "twenty")
    history.write(5)
    archive_journal(store, target)
    history.write(5)
    archive_journal(store, target)
    for seq, expected in history.held.items():
        assert restored(target, seq, tmp_path / "new") == expected, seq
        if seq < 20:
            assert restored(target, seq, tmp_path / "new", "twenty") == expected, seq


def test_the_latest_moment_is_the_end_of_the_archive(store: Store, target: LocalStorage, tmp_path: Path) -> None:
    history = History(store, 9, anew=False)
    create_snapshot(store, target, "empty")
    assert restore_moment(target, parse_moment("latest"), tmp_path / "first").seq == store.seq
    history.write(5)
    archive_journal(store, target)
    restore_moment(target, parse_moment("latest"), tmp_path / "second")
    with Store.open(tmp_path / "second", sync=False) as restored_store, restored_store.read() as view:
        assert holds(view) == history.held[store.seq]


@pytest.mark.parametrize("seed", range(10, 14))
def test_a_vector_that_was_made_anew_before_it_was_archived_is_to_be_made(
    store: Store, target: LocalStorage, tmp_path: Path, seed: int
) -> None:
    history = History(store, seed)
    create_snapshot(store, target, "empty")
    history.write(12)
    archive_journal(store, target)
    archived = store.seq
    history.write(12)
    create_snapshot(store, target, "last")
    for seq, expected in history.held.items():
        for name in ("empty", "last"):
            found = restored(target, seq, tmp_path / "new", name)
            if seq == store.seq or (seq == archived and name == "empty"):
                assert found == expected  # nothing is lost of what was archived or captured in time
            for part in expected.keys() - {"digest"}:
                if part.startswith(("vectors", "pending")):
                    continue
                assert found[part] == expected[part], (seq, part)
            for of in (1, 2):
                for field_id in (2, 3, 4):
                    pairs = zip(
                        [record.ordinal for record in expected[f"records {of}"]],
                        found[f"vectors {of} {field_id}"],
                        expected[f"vectors {of} {field_id}"],
                        strict=True,
                    )
                    anew = [ordinal for ordinal, vector, was in pairs if vector != was]
                    assert found[f"pending {of} {field_id}"] == sorted([*anew, *expected[f"pending {of} {field_id}"]])


# Times, timelines, and what is lost


def put(store: Store, key: str, at_us: int | None = None) -> int:
    """Write a record, at a time where one is given; the sequence number."""

    def work(transaction: WriteTransaction) -> None:
        if at_us is not None:
            transaction.time_us = at_us
        transaction.put(1, key, {1: f"text of {key}"}, {})

    return store.write(work).result().seq


def keys_at(target: Storage, moment: Moment, into: Path, name: str | None = None) -> list[str]:
    restore_moment(target, moment, into, name)
    with Store.open(into, sync=False) as store, store.read() as view:
        found = sorted(view.keys(1))
    shutil.rmtree(into)
    return found


MINUTE = 60_000_000
START = 2_000_000_000_000_000  # a time far after any test's clock, since the times of commits never decrease


@pytest.fixture
def minutes(store: Store, target: LocalStorage, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A record a minute from START: k0 is in a snapshot, k1 to k8 archived by twos, k9 in a second snapshot. The segments stay
    as they were written."""
    monkeypatch.setattr(journal_archive, "_MERGED_COUNT_MIN", 99)
    put(store, "k0", START)
    create_snapshot(store, target, "first")
    for n in range(1, 9):
        put(store, f"k{n}", START + n * MINUTE)
        if n % 2 == 0:
            archive_journal(store, target)
    put(store, "k9", START + 9 * MINUTE)
    create_snapshot(store, target, "second")
    return store


def segments(target: LocalStorage) -> dict[str, Path]:
    """The files of segments with transactions, by their numbers."""
    found = {path.name.split(".")[0]: path for path in (target.folder / "journal").iterdir()}
    return {name: path for name, path in found.items() if int(name.split("-")[0]) <= int(name.split("-")[1])}


@pytest.mark.usefixtures("minutes")
@pytest.mark.parametrize("n", range(10))
def test_a_time_is_that_of_the_last_transaction_at_or_before_it(target: LocalStorage, tmp_path: Path, n: int) -> None:
    expected = [f"k{each}" for each in range(n + 1)]
    assert keys_at(target, Moment(time_us=START + n * MINUTE), tmp_path / "new") == expected
    if n < 9:
        assert keys_at(target, Moment(time_us=START + (n + 1) * MINUTE - 1), tmp_path / "new") == expected
        assert keys_at(target, Moment(time_us=START + n * MINUTE + MINUTE // 2), tmp_path / "new", "second") == expected


@pytest.mark.usefixtures("minutes")
@pytest.mark.parametrize(
    "moment", [Moment(seq=11), Moment(time_us=START - 1), Moment(time_us=START + 10 * MINUTE)], ids=str
)
def test_a_moment_that_is_not_held_is_told_with_those_that_are(
    target: LocalStorage, tmp_path: Path, moment: Moment
) -> None:
    held = "holds sequence numbers 0 to 10, and times from 2033-05-18T03:33:20Z to 2033-05-18T03:42:20Z"
    with pytest.raises(SnapshotError, match=held):
        restore_moment(target, moment, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.usefixtures("minutes")
@pytest.mark.parametrize("change", ["lose", "flip"])
def test_a_segment_that_is_lost_or_damaged_is_named_and_the_rest_restored(
    target: LocalStorage, tmp_path: Path, change: str
) -> None:
    (mark,) = (target.folder / "journal").glob("11-10.*")  # without it, the second snapshot's history does not help
    mark.unlink()
    (target.folder / "manifests" / "second.json").unlink()
    victim = segments(target)["4-5"]
    if change == "lose":
        victim.unlink()
    else:
        content = bytearray(victim.read_bytes())
        content[len(content) // 2] ^= 1
        victim.write_bytes(content)
    for seq in (1, 2, 3):
        assert len(keys_at(target, Moment(seq=seq), tmp_path / "new")) == seq
    assert len(keys_at(target, Moment(time_us=START + 2 * MINUTE), tmp_path / "new")) == 3
    for moment in (
        Moment(seq=4), Moment(seq=5), Moment(seq=9), Moment(time_us=START + 3 * MINUTE), Moment(time_us=START + 8 * MINUTE),
    ):  # fmt: skip
        with pytest.raises(SnapshotError, match="segment 4-5") as error:
            restore_moment(target, moment, tmp_path / "new")
        assert "moments up to 3 can be restored" in error.value.hint
    findings = verify_snapshot(target, "first").findings
    assert any("segment 4-5" in finding for finding in findings), findings
    rolling = [finding for part in range(PARTS) for finding in check_part(target, part).findings]
    assert any("segment 4-5" in finding for finding in rolling)


@pytest.mark.usefixtures("minutes")
def test_where_a_segment_is_lost_a_later_snapshot_leads_back(target: LocalStorage, tmp_path: Path) -> None:
    segments(target)["4-5"].unlink()
    for seq in range(1, 11):
        assert len(keys_at(target, Moment(seq=seq), tmp_path / "new")) == seq


@pytest.mark.usefixtures("minutes")
def test_a_flip_in_any_byte_of_a_segment_is_found(target: LocalStorage) -> None:
    victim = segments(target)["4-5"]
    content = victim.read_bytes()
    for place in range(len(content)):
        for bit in (1, 128):
            changed = bytearray(content)
            changed[place] ^= bit
            victim.write_bytes(changed)
            assert verify_snapshot(target, "first").findings == ["segment 4-5 of the archived journal was changed"]


def test_a_snapshot_merges_what_was_archived_since_the_one_before(
    store: Store, target: LocalStorage, tmp_path: Path
) -> None:
    put(store, "k0", START)
    create_snapshot(store, target, "first")
    for n in range(1, 10):
        put(store, f"k{n}", START + n * MINUTE)
        archive_journal(store, target)
    parts = {path.name: path.read_bytes() for path in segments(target).values()}
    put(store, "k10", START + 10 * MINUTE)
    create_snapshot(store, target, "second")
    assert list(segments(target)) == ["2-11"]
    for left in (0, 2, 3, 9):  # of those that were merged, the oldest, as a kill leaves them
        for name, content in sorted(parts.items())[:left]:
            (target.folder / "journal" / name).write_bytes(content)
        for seq in range(1, 12):
            assert len(keys_at(target, Moment(seq=seq), tmp_path / "new", "first")) == seq
            time = Moment(time_us=START + (seq - 1) * MINUTE)
            assert len(keys_at(target, time, tmp_path / "new", "first")) == seq
        assert verify_snapshot(target, "first").findings == []
    delete_snapshots(target, [])
    assert list(segments(target)) == ["2-11"]


def test_what_was_trimmed_before_it_was_archived_begins_a_new_timeline(
    minutes: Store, target: LocalStorage, tmp_path: Path
) -> None:
    for n in range(10, 14):
        put(minutes, f"k{n}", START + n * MINUTE)
    minutes.trim(13)
    assert archive_journal(minutes, target) is None
    create_snapshot(minutes, target, "third")
    put(minutes, "last", START + 20 * MINUTE)
    done = archive_journal(minutes, target)
    assert done is not None
    assert done.last == 15
    held = [*range(1, 11), 12, 13, 14, 15]  # 11 was trimmed, and was in no snapshot and no segment
    for seq in held:
        assert len(keys_at(target, Moment(seq=seq), tmp_path / "new")) == seq
    with pytest.raises(SnapshotError):
        restore_moment(target, Moment(seq=11), tmp_path / "new")


def test_what_the_archive_holds_may_be_trimmed(minutes: Store, target: LocalStorage, tmp_path: Path) -> None:
    for n in range(10, 20):
        put(minutes, f"k{n}", START + n * MINUTE)
        done = archive_journal(minutes, target)
        assert done is not None
        minutes.trim(done.last)
    for seq in range(1, 21):
        assert len(keys_at(target, Moment(seq=seq), tmp_path / "new")) == seq


def test_a_restored_store_goes_on_with_its_timeline_or_begins_one(
    minutes: Store, target: LocalStorage, tmp_path: Path
) -> None:
    minutes.close()
    restore_moment(target, Moment(seq=10), tmp_path / "again")
    restore_moment(target, Moment(seq=5), tmp_path / "earlier")
    with Store.open(tmp_path / "again", sync=False) as again:
        put(again, "again")
        assert archive_journal(again, target) is not None
    with Store.open(tmp_path / "earlier", sync=False) as earlier:
        for n in range(8):
            put(earlier, f"earlier{n}")
        assert archive_journal(earlier, target) is None
        create_snapshot(earlier, target, "third")
        put(earlier, "last")
        assert archive_journal(earlier, target) is not None
    assert "last" in keys_at(target, Moment(seq=14), tmp_path / "new")
    assert "earlier2" in keys_at(target, Moment(seq=8), tmp_path / "new")  # of the newest timeline
    assert "k7" in keys_at(target, Moment(seq=8), tmp_path / "new", "first")
    assert "k7" in keys_at(target, Moment(time_us=START + 8 * MINUTE), tmp_path / "new")
    assert "again" in keys_at(target, Moment(seq=11), tmp_path / "new", "second")
    for name in ("first", "second", "third"):
        assert verify_snapshot(target, name).findings == []


def test_segments_stay_as_long_as_a_snapshot_leads_to_them(
    minutes: Store, target: LocalStorage, tmp_path: Path
) -> None:
    put(minutes, "k10", START + 10 * MINUTE)
    archive_journal(minutes, target)
    delete_snapshots(target, ["first"])
    assert list(segments(target)) == ["11-11"]
    assert len(keys_at(target, Moment(seq=11), tmp_path / "new")) == 11
    assert len(keys_at(target, Moment(seq=4), tmp_path / "new")) == 4  # by the history of the second
    put(minutes, "k11", START + 11 * MINUTE)
    assert archive_journal(minutes, target) is not None
    delete_snapshots(target, ["second"])
    assert list((target.folder / "journal").iterdir()) == []
    assert archive_journal(minutes, target) is None


def test_what_is_restored_says_what_it_is(minutes: Store, target: LocalStorage, tmp_path: Path) -> None:
    del minutes
    for seq, snapshot, archive, rewound, name in (
        (1, "first", None, False, None),
        (4, "first", (2, 4), False, None),
        (4, "second", None, True, "second"),
        (10, "second", None, False, None),
    ):
        said = restore_moment(target, Moment(seq=seq), tmp_path / "new", name)
        assert read_origin(tmp_path / "new") == said
        assert (said.seq, said.snapshot, said.archive, said.rewound) == (seq, snapshot, archive, rewound)
        assert said.time == format_time(START + (seq - 1) * MINUTE)
        shutil.rmtree(tmp_path / "new")


def test_a_record_that_was_damaged_when_it_was_archived_is_named_and_missing(
    tmp_path: Path, target: LocalStorage
) -> None:
    with Store.open(tmp_path / "data", sync=False) as store:
        put(store, "a")
        create_snapshot(store, target, "first")
        put(store, "victim")
        put(store, "b")
    flip(tmp_path / "data" / "store" / "data.mdb", b"text of victim")
    with Store.open(tmp_path / "data", sync=False) as store:
        done = archive_journal(store, target)
        assert done is not None
        assert done.damage == ("collection 1:victim",)
    said = restore_moment(target, Moment(seq=3), tmp_path / "new")
    assert said.damage == ("collection 1:victim",)
    with Store.open(tmp_path / "new", sync=False) as store, store.read() as view:
        assert [record.key for record in view.scan_readable(1)] == ["a", "b"]
        with pytest.raises(CorruptRecord, match="victim"):
            view.get(1, "victim")


def flip(path: Path, text: bytes) -> None:
    content = path.read_bytes()
    assert text in content
    path.write_bytes(content.replace(text, bytes([text[0] ^ 1]) + text[1:]))


def test_forgotten_records_are_in_no_segment(store: Store, target: LocalStorage, tmp_path: Path) -> None:
    put(store, "other")
    create_snapshot(store, target, "first")
    for n in range(3):
        put(store, "secret")
        put(store, f"k{n}")
        archive_journal(store, target)
        create_snapshot(store, target, f"s{n}")  # marks among the segments
    store.write(lambda t: t.delete(1, "secret")).result()
    put(store, "last")
    archive_journal(store, target)
    delete_snapshots(target, ["s0", "s1", "s2"])  # they hold it too, which is another's work

    def is_forgotten(_collection: int, _ordinal: int, key: str) -> bool:
        return key == "secret"

    assert forget_in_archive(target, is_forgotten, dry_run=True) == ["2-3", "4-5", "6-7", "8-9"]
    assert b"secret" in everything(target)
    assert forget_in_archive(target, is_forgotten) == ["2-3", "4-5", "6-7", "8-9"]
    assert b"secret" not in everything(target)
    assert forget_in_archive(target, is_forgotten) == []
    assert verify_snapshot(target, "first").findings == []
    expected = ["other", "k0", "k1", "k2", "last"]
    for seq, count in ((1, 1), (2, 1), (3, 2), (7, 4), (9, 5)):
        assert keys_at(target, Moment(seq=seq), tmp_path / "new") == sorted(expected[:count])
    put(store, "more")
    assert archive_journal(store, target) is not None  # it goes on behind what was written anew
    assert "more" in keys_at(target, Moment(seq=10), tmp_path / "new")


def everything(target: LocalStorage) -> bytes:
    timelines = list_segments(target)
    return b"".join(read_segment(target, name).content for names in timelines.values() for name in names)
