"""Records are deleted when they are past the time that their collection keeps them, and past versions after the bound of
history. The clocks are the tests' own."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paasq_daemon.index.index_manager import IndexView
from paasq_daemon.instance import Instance
from paasq_daemon.services.retention import RetentionService
from paasq_daemon.services.trusted_clock import TrustedClock
from paasq_daemon.wire.errors import InvalidValue, StoreError
from paasq_daemon.wire.request import Request
from paasq_dsl.catalog import Catalog, catalog_from_json, catalog_to_json
from paasq_dsl.values import parse_time
from properties.worlds import SmallEmbedder

HOUR, DAY = 3_600_000_000, 86_400_000_000
NOON = parse_time("2026-11-27T12:00Z")

READINGS = """
collection reading { key id: keyword  at: time  n: int } keep 90d by at;
put reading [
  {id: "old", at: @2026-08-01}, {id: "older", at: @2020-01-01}, {id: "young", at: @2026-11-01},
  {id: "never", n: 1}, {id: "to come", at: @2099-01-01}
]
"""


class Clock:
    """The system's clock, and what passes in truth; both in microseconds."""

    def __init__(self) -> None:
        self.now_us = NOON
        self.passed_us = 0

    def passes(self, duration_us: int) -> None:
        self.now_us += duration_us
        self.passed_us += duration_us


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("time.time_ns", lambda: clock.now_us * 1000)
    monkeypatch.setattr("paasq_daemon.services.retention.elapsed_s", lambda: clock.passed_us / 1e6)
    return clock


@pytest.fixture
def instance(tmp_path: Path, clock: Clock) -> Iterator[Instance]:
    del clock
    instance = Instance.open(tmp_path / "store", embedder=SmallEmbedder(), sync=False)
    yield instance
    assert instance.store.check() == []
    instance.close()


def rows(instance: Instance, text: str, **params: Any) -> list[list[Any]]:
    return instance.engine.query(Request(text, params)).rows


def keys(instance: Instance, source: str = "reading") -> list[str]:
    return [key for (key,) in rows(instance, f"from {source} | select _key | sort _key")]


def test_what_is_past_its_time_is_deleted(instance: Instance) -> None:
    rows(instance, READINGS)
    assert instance.retention.run(dry_run=True)["collections"][0]["due"] == 2
    assert len(keys(instance)) == 5
    instance.retention.run()
    assert keys(instance) == ["never", "to come", "young"]
    assert instance.retention.run()["collections"][0]["due"] == 0


def test_they_are_ordinary_deletes(instance: Instance) -> None:
    """A watch sees them leave, and history has them as long as it is kept."""
    rows(instance, READINGS)
    before = instance.store.seq
    watch = instance.engine.watch(Request("watch from reading | select id"))
    assert len(watch.next_events() or ()) == 5
    instance.retention.run()
    batch = watch.next_events()
    assert batch is not None
    assert sorted((change.event, change.values[0]) for change in batch.changes) == [
        ("leave", "old"),
        ("leave", "older"),
    ]
    watch.close()
    assert keys(instance, f"reading as of seq {before}") == ["never", "old", "older", "to come", "young"]


def test_without_a_field_from_the_last_put(instance: Instance, clock: Clock) -> None:
    """Also from one that changes nothing, as a nightly sync makes them."""
    rows(instance, 'collection log { key id: keyword  what: text } keep 1mo; put log [{id: "a"}, {id: "b"}, {id: "c"}]')
    clock.passes(20 * DAY)
    rows(instance, 'patch log:b set what = "again"; put log {id: "c"}')
    clock.passes(12 * DAY)
    instance.retention.run(trust_clock=True)
    assert keys(instance, "log") == ["b", "c"]
    rows(instance, "alter collection log set keep 1mo by _time")
    instance.retention.run()
    assert keys(instance, "log") == ["b"]


def test_what_is_confirmed_meanwhile_stays(instance: Instance, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    rows(instance, 'collection log { key id: keyword } keep 1d; put log [{id: "a"}, {id: "b"}]')
    clock.passes(2 * DAY)
    write = instance.store.write

    def after_another(work: Any) -> Any:
        monkeypatch.setattr(instance.store, "write", write)
        rows(instance, 'put log {id: "b"}')
        return write(work)

    monkeypatch.setattr(instance.store, "write", after_another)
    instance.retention.run(trust_clock=True)
    assert keys(instance, "log") == ["b"]


def test_of_an_object_and_after_a_rename(instance: Instance) -> None:
    rows(instance, "collection c { meta: {seen: time} } keep 90d by meta.seen; put c {meta: {seen: @2026-01-01}}")
    rows(instance, "alter collection c rename field meta to facts")
    assert rows(instance, "describe c")[0][2] == "1 records, keep 90d by facts.seen"
    instance.retention.run()
    assert keys(instance, "c") == []


def test_many_go_in_batches(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paasq_daemon.services.expiry.BATCH_RECORDS", 10)
    rows(instance, "collection c { key id: keyword  at: time } keep 1d by at")
    instance.records.put("c", [{"id": str(n), "at": "2020-01-01"} for n in range(35)])
    before = instance.store.seq
    instance.retention.run()
    assert keys(instance, "c") == []
    assert instance.store.seq == before + 4


def test_what_is_written_anew_meanwhile_stays(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    rows(instance, READINGS)
    write = instance.store.write

    def after_another(work: Any) -> Any:
        monkeypatch.setattr(instance.store, "write", write)
        rows(instance, "patch reading:old set at = @2026-11-20")
        return write(work)

    monkeypatch.setattr(instance.store, "write", after_another)
    instance.retention.run()
    assert keys(instance) == ["never", "old", "to come", "young"]


def test_a_keep_that_was_dropped_meanwhile_deletes_nothing(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    rows(instance, READINGS)
    write = instance.store.write

    def after_another(work: Any) -> Any:
        monkeypatch.setattr(instance.store, "write", write)
        rows(instance, "alter collection reading drop keep")
        return write(work)

    monkeypatch.setattr(instance.store, "write", after_another)
    instance.retention.run()
    assert len(keys(instance)) == 5


def test_an_age_beyond_all_times_deletes_nothing(instance: Instance) -> None:
    rows(instance, READINGS)
    rows(instance, "alter collection reading set keep 20000y by at history 20000y")
    instance.retention.run()
    assert len(keys(instance)) == 5


@pytest.fixture
def versions(instance: Instance, clock: Clock) -> list[int]:
    """A note that was written once a day for ten days, now a day ago; the sequence number of each write."""
    rows(instance, "collection note { key id: keyword  n: int  body: text } history 3d")
    seqs = []
    for n in range(10):
        rows(instance, f'put note {{id: "a", n: {n}, body: "canary{n}"}}')
        seqs.append(instance.store.seq)
        clock.passes(DAY)
    return seqs


def test_history_is_kept_as_long_as_it_is_said(instance: Instance, versions: list[int]) -> None:
    """What was replaced within the bound is there, and a moment before it is refused by the first that is kept."""
    assert rows(instance, "show retention") == [["note", None, 0, "3d", 6]]
    instance.retention.run()
    assert rows(instance, "from note | select n") == [[9]]
    kept = [n for n, seq in enumerate(versions) if _is_kept(instance, seq)]
    assert kept == [6, 7, 8, 9]
    assert [rows(instance, f"from note as of seq {versions[n]} | select n") for n in kept] == [[[n]] for n in kept]
    with pytest.raises(StoreError, match=f"history is kept from sequence number {versions[6]} on"):
        rows(instance, f"from note as of seq {versions[5]}")
    assert rows(instance, "show retention") == [["note", None, 0, "3d", 0]]


def _is_kept(instance: Instance, seq: int) -> bool:
    try:
        rows(instance, f"from note as of seq {seq}")
    except StoreError:
        return False
    return True


def test_what_is_trimmed_is_gone_from_the_store(instance: Instance, versions: list[int]) -> None:
    del versions
    instance.retention.run()
    with instance.store.read() as view:
        note = view.catalog.collections["note"]
        bodies = [value for _, value in view.tables.bodies.scan(view.txn, note.id.to_bytes(4, "big"))]
    assert sorted(n for n in range(10) if any(b"canary%d" % n in body for body in bodies)) == [6, 7, 8, 9]


def test_each_collection_keeps_its_own(instance: Instance, versions: list[int], clock: Clock) -> None:
    """Those of a collection that was dropped go as the store says."""
    rows(instance, "collection diary { key id: keyword  n: int } history all; collection gone { key id: keyword }")
    rows(instance, 'put diary {id: "a", n: 1}; put gone {id: "a"}; drop collection gone and its records')
    first = instance.store.seq
    rows(instance, "patch diary:a set n = 2; alter store set history 5d")
    clock.passes(10 * DAY)
    instance.retention.run(trust_clock=True)
    assert rows(instance, f"from diary as of seq {first} | select n") == [[1]]
    assert [seq for seq in versions if _is_kept(instance, seq)] == []
    with instance.store.read() as view:
        by_collection = Counter(int.from_bytes(key[:4], "big") for key, _ in view.tables.bodies.scan(view.txn))
        ids = {name: collection.id for name, collection in view.catalog.collections.items()}
    assert by_collection == {ids["note"]: 1, ids["diary"]: 2}


def test_history_none_keeps_none_and_all_keeps_all(instance: Instance, versions: list[int]) -> None:
    rows(instance, "alter collection note set history all")
    instance.retention.run()
    assert all(_is_kept(instance, seq) for seq in versions)
    rows(instance, "alter collection note set history none")
    instance.retention.run()
    assert [seq for seq in versions if _is_kept(instance, seq)] == versions[-1:]
    assert rows(instance, "from note | select n") == [[9]]


def test_a_store_that_says_nothing_keeps_ninety_days(instance: Instance, clock: Clock) -> None:
    rows(instance, 'collection note { key id: keyword  n: int }; put note {id: "a", n: 1}')
    first = instance.store.seq
    rows(instance, "patch note:a set n = 2")
    clock.passes(89 * DAY)
    instance.retention.run(trust_clock=True)
    assert rows(instance, f"from note as of seq {first} | select n") == [[1]]
    clock.passes(2 * DAY)
    instance.retention.run(trust_clock=True)
    with pytest.raises(StoreError, match="history is kept from"):
        rows(instance, f"from note as of seq {first}")


def test_the_stores_own_bound(instance: Instance, versions: list[int]) -> None:
    rows(instance, "alter collection note drop history; alter store set history 5d")
    assert rows(instance, "show retention") == [["note", None, 0, "5d", 4]]
    instance.retention.run()
    assert [seq for seq in versions if _is_kept(instance, seq)] == versions[4:]


def test_a_store_of_before_keeps_all() -> None:
    """Its catalog knew no bound of history, and nothing that was kept goes by itself."""
    before = catalog_to_json(Catalog())
    del before["history"]
    assert str(catalog_from_json(before).history) == "history all"
    assert catalog_from_json(catalog_to_json(Catalog())).history is None


def test_what_is_not_archived_yet_is_not_trimmed(instance: Instance, versions: list[int], clock: Clock) -> None:
    service = RetentionService(instance.store, instance.engine.indexes, lambda: clock.now_us, lambda: versions[2])
    service.run()
    assert [seq for seq in versions if _is_kept(instance, seq)] == versions[2:]


def test_a_cursor_older_than_the_bound_is_refused(instance: Instance, versions: list[int]) -> None:
    instance.retention.run()
    with pytest.raises(StoreError, match="history is kept from"):
        instance.engine.watch(Request(f"watch from note after {versions[2]}"))


def test_no_index_is_made_anew_for_want_of_the_journal(
    instance: Instance, versions: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    del versions
    instance.retention.run()
    folder = instance.store.folder.with_name("another")
    shutil.copytree(instance.store.folder, folder)  # as a kill would leave it, without the checkpoint of its close
    caplog.set_level("INFO")
    with Instance.open(folder, embedder=SmallEmbedder(), sync=False).resources:
        pass
    assert "built from the records" not in caplog.text


def test_a_clock_that_jumped_ahead_deletes_nothing_at_first(instance: Instance, clock: Clock) -> None:
    """Not before it has run on for an hour, or somebody says that it is right."""
    rows(instance, READINGS)
    clock.now_us += 5 * 365 * DAY
    with pytest.raises(InvalidValue, match="the clock says 2031-11-26"):
        instance.retention.run()
    assert len(keys(instance)) == 5
    instance.retention.run(trust_clock=True)
    assert keys(instance) == ["never", "to come"]


def test_a_clock_that_jumped_ahead_is_believed_after_an_hour() -> None:
    clock = Clock()
    trusted = TrustedClock(NOON, lambda: clock.now_us, lambda: clock.passed_us / 1e6)
    clock.passes(HOUR)
    assert trusted.now_us() == NOON + HOUR
    clock.now_us += 365 * DAY
    for _ in range(6):
        assert trusted.now_us() == NOON + HOUR + clock.passed_us - HOUR
        assert trusted.ahead_us() == 365 * DAY
        clock.passes(HOUR // 6)
    assert trusted.now_us() == clock.now_us
    assert trusted.ahead_us() == 0


def test_a_clock_that_is_set_back_is_believed_at_once_and_jumps_do_not_add_up() -> None:
    clock = Clock()
    trusted = TrustedClock(NOON, lambda: clock.now_us, lambda: clock.passed_us / 1e6)
    clock.now_us += 365 * DAY
    assert trusted.now_us() == NOON
    clock.passes(HOUR - 1)
    clock.now_us += 365 * DAY  # another jump: the hour begins anew
    assert trusted.now_us() == NOON + HOUR - 1
    clock.passes(HOUR - 1)
    assert trusted.now_us() == NOON + 2 * HOUR - 2
    clock.now_us = NOON - 30 * DAY
    assert trusted.now_us() == NOON - 30 * DAY


def test_history_written_by_a_clock_that_jumped_ahead_is_kept_longer(instance: Instance, clock: Clock) -> None:
    """Commits have that time until the clock has caught up, so their age begins then."""
    rows(instance, 'collection note { key id: keyword  n: int } history 3d; put note {id: "a", n: 1}')
    clock.now_us += 30 * DAY
    rows(instance, "patch note:a set n = 2")
    seq = instance.store.seq
    clock.now_us -= 30 * DAY
    rows(instance, "patch note:a set n = 3")
    clock.passes(20 * DAY)
    instance.retention.run(trust_clock=True)
    assert rows(instance, f"from note as of seq {seq} | select n") == [[2]]
    clock.passes(14 * DAY)
    instance.retention.run(trust_clock=True)
    with pytest.raises(StoreError, match="history is kept from"):
        rows(instance, f"from note as of seq {seq}")


def test_by_itself_in_the_background(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what fails is told in the log, not the end of it."""
    monkeypatch.setattr("paasq_daemon.services.retention._EXPIRE_EVERY_S", 0.01)
    rows(instance, READINGS)
    failing = iter([StoreError("the disk is away")])
    write = instance.store.write

    def fails_once(work: Any) -> Any:
        for error in failing:
            raise error
        return write(work)

    monkeypatch.setattr(instance.store, "write", fails_once)
    instance.retention.start()
    until_s = time.monotonic() + 30
    while len(keys(instance)) > 3 and time.monotonic() < until_s:
        time.sleep(0.01)
    instance.retention.stop()
    assert keys(instance) == ["never", "to come", "young"]


def test_a_page_goes_on_as_long_as_its_history_is_kept(instance: Instance, versions: list[int], clock: Clock) -> None:
    del versions
    rows(instance, 'put note [{id: "b"}, {id: "c"}]')
    text = "from note | sort _key | page 1 after $cursor | select _key"
    first = instance.engine.query(Request(text, {"cursor": None}))
    rows(instance, 'delete from note where _key == "b"')
    clock.passes(2 * DAY)
    instance.retention.run(trust_clock=True)
    assert rows(instance, text, cursor=first.cursor) == [["b"]]
    clock.passes(2 * DAY)
    instance.retention.run(trust_clock=True)
    with pytest.raises(StoreError, match="history is kept from sequence number"):
        rows(instance, text, cursor=first.cursor)


def test_an_index_that_fails_keeps_no_other_collection_from_it(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows(instance, READINGS)
    rows(instance, 'collection c { key id: keyword  at: time } keep 1d by at; put c {id: "a", at: @2020-01-01}')
    view_of = IndexView.collection

    def broken(view: IndexView, name: str) -> Any:
        if name == "reading":
            raise StoreError("reading cannot be indexed")
        return view_of(view, name)

    with monkeypatch.context() as patched:
        patched.setattr(IndexView, "collection", broken)
        assert [row[2] for row in rows(instance, "show retention")] == [None, 1]
        with pytest.raises(StoreError, match="reading cannot be indexed"):
            instance.retention.run()
    assert keys(instance, "c") == []
    assert len(keys(instance)) == 5
