"""Records are deleted when they are past the time that their collection keeps them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from paasq_daemon.index.index_view import IndexView
from paasq_daemon.instance import Instance
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.wire.errors import StoreError
from paasq_daemon.wire.request import Request
from retention.conftest import DAY, READINGS, Clock, keys, rows


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
    watch = instance.watch(Request("watch from reading | select id"))
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


def test_the_keys_are_read_again_only_when_one_may_be_due(
    instance: Instance, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows(instance, 'collection log { key id: keyword } keep 10d; put log {id: "a"}')
    clock.passes(DAY)
    rows(instance, 'put log {id: "b"}')
    read = []
    confirmations = ReadView.confirmations

    def counted(view: ReadView, collection_id: int) -> Iterator[tuple[int, int]]:
        read.append(clock.now_us)
        return confirmations(view, collection_id)

    monkeypatch.setattr(ReadView, "confirmations", counted)
    left = []
    for _ in range(12):
        instance.retention.run(trust_clock=True)
        left.append(len(keys(instance, "log")))
        clock.passes(DAY)
    assert left == [2] * 10 + [1, 0]
    assert len({at // DAY for at in read}) == 3  # the first day, and those on which a and b went


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


def test_by_itself_in_the_background(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what fails is told in the log, not the end of it."""
    monkeypatch.setattr(instance.retention, "_tick_s", 0.01)
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
