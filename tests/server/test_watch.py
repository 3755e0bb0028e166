"""Watches over a real socket: who is told what, in which order, and what a client that is slow, or gone, costs."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paasq_daemon.server.limits import Limits
from paasq_daemon.wire.errors import DaemonUnavailable, LimitExceeded, PaasqError
from server.conftest import Daemon, Start, running
from server.fake_instance import FakeWatch
from server.raw import Raw


def watch(raw: Raw, text: str = "watch 1", id_: int = 1) -> int:
    answer = raw.ask({"jsonrpc": "2.0", "id": id_, "method": "watch", "params": {"text": text}})
    assert answer["id"] == id_
    number: int = answer["result"]["watch"]
    return number


def events(raw: Raw) -> dict[str, Any]:
    message = raw.receive()
    assert message["method"] == "watch.events", message
    assert "id" not in message
    params: dict[str, Any] = message["params"]
    return params


def until(condition: Callable[[], object]) -> None:
    end_s = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end_s
        time.sleep(0.005)


def test_the_answer_comes_first_then_the_beginning_then_what_happens(daemon: Daemon) -> None:
    with Raw(daemon.socket) as raw:
        number = watch(raw)
        beginning = events(raw)
        assert (beginning["watch"], beginning["events"], beginning["live"]) == (number, [], True)
        daemon.instance.watches.opened[0].tell(2)
        told = events(raw)
        assert [(e["event"], e["key"], e["row"]) for e in told["events"]] == [
            ("enter", "0", {"x": "x"}),
            ("enter", "1", {"x": "x"}),
        ]
        assert (told["cursor"], told["now"]) == ("c2", "2026-11-22T09:30:00Z")


def test_each_connection_is_told_of_its_own_watches_alone(daemon: Daemon) -> None:
    with Raw(daemon.socket) as one, Raw(daemon.socket) as other:
        watch(one)
        watch(other)
        events(one)
        events(other)
        daemon.instance.watches.opened[1].tell()
        assert len(events(other)["events"]) == 1
        assert one.ask({"jsonrpc": "2.0", "id": 2, "method": "ping"})["id"] == 2  # and nothing before it


def test_unwatch_ends_it(daemon: Daemon) -> None:
    with Raw(daemon.socket) as raw:
        number = watch(raw)
        events(raw)
        for ended in (True, False):
            message = {"jsonrpc": "2.0", "id": 2, "method": "unwatch", "params": {"watch": number}}
            assert raw.ask(message)["result"] == {"ended": ended}
        assert daemon.instance.watches.opened[0].was_closed


def test_a_client_that_hangs_up_leaves_nothing_behind(daemon: Daemon) -> None:
    with Raw(daemon.socket) as raw:
        watch(raw)
        events(raw)
    until(lambda: daemon.instance.watches.opened[0].was_closed)
    daemon.instance.watches.opened[0].tell()


def test_what_happens_while_a_client_is_slow_comes_as_one(daemon: Daemon) -> None:
    with Raw(daemon.socket) as raw:
        watch(raw, "watch 400000")
        query = daemon.instance.watches.opened[0]
        for _ in range(5):  # more than the socket holds
            query.tell()
            until(lambda: not query.told or _stands_still(query))
        for _ in range(20):
            query.tell()
        taken = query.batches
        counts = [len(events(raw)["events"]) for _ in range(taken)]
        while sum(counts) < 25:
            counts.append(len(events(raw)["events"]))
        assert sum(counts) == 25
        assert len(counts) < 20


def _stands_still(query: FakeWatch) -> bool:
    before = query.batches
    time.sleep(0.05)
    return query.batches == before


def test_a_slow_watch_is_no_reason_to_hang_up(start: Start) -> None:
    daemon = start(Limits(grace_s=0.2, write_timeout_s=0.1))
    with Raw(daemon.socket) as raw:
        watch(raw, "watch 3000000")
        events(raw)
        daemon.instance.watches.opened[0].tell()
        time.sleep(0.3)
        assert len(events(raw)["events"][0]["row"]["x"]) == 3_000_000


def test_a_batch_too_long_for_one_message_comes_in_parts(daemon: Daemon) -> None:
    with Raw(daemon.socket) as raw:
        watch(raw, "watch 400000")
        events(raw)
        daemon.instance.watches.opened[0].tell(7)
        parts = [events(raw)]
        while not parts[-1]["live"]:
            parts.append(events(raw))
        assert len(parts) > 1
        assert [e["key"] for part in parts for e in part["events"]] == [str(i) for i in range(7)]
        assert [part["cursor"] for part in parts] == [None] * (len(parts) - 1) + ["c2"]


def test_an_idle_connection_with_a_watch_stays(start: Start) -> None:
    daemon = start(Limits(idle_timeout_s=0.1, grace_s=0.2))
    with Raw(daemon.socket) as raw:
        watch(raw)
        events(raw)
        time.sleep(0.4)
        daemon.instance.watches.opened[0].tell()
        assert len(events(raw)["events"]) == 1
        raw.ask({"jsonrpc": "2.0", "id": 2, "method": "unwatch", "params": {"watch": 1}})
        assert raw.receive() is None  # hung up on, now that nothing is watched


def test_a_watch_that_fails_says_so_and_the_connection_lives(daemon: Daemon) -> None:
    with Raw(daemon.socket) as raw:
        number = watch(raw)
        events(raw)
        daemon.instance.watches.opened[0].text = "watch crash"
        daemon.instance.watches.opened[0].tell()
        ended = raw.receive()
        assert (ended["method"], ended["params"]["watch"]) == ("watch.ended", number)
        assert ended["params"]["error"]["message"] == "the daemon failed: KeyError"
        assert raw.ask({"jsonrpc": "2.0", "id": 2, "method": "ping"})["id"] == 2


def test_a_connection_has_so_many_watches(start: Start) -> None:
    daemon = start(Limits(watches_max=2, grace_s=0.2))
    with Raw(daemon.socket) as raw:
        for _ in range(2):
            watch(raw)
            events(raw)
        answer = raw.ask({"jsonrpc": "2.0", "id": 2, "method": "watch", "params": {"text": "watch 1"}})
        assert answer["error"]["data"]["code"] == LimitExceeded.code


def test_the_client_iterates_and_closes(daemon: Daemon) -> None:
    with daemon.client() as client, client.watch("watch 1") as watched:
        assert next(watched).live
        daemon.instance.watches.opened[0].tell(3)
        assert [event.key for event in next(watched)] == ["0", "1", "2"]
        assert not client.query("echo").rows[0]  # its other requests go on meanwhile
        watched.close()
        assert list(watched) == []


def test_a_client_that_takes_nothing_holds_few_batches(daemon: Daemon) -> None:
    with daemon.client() as client, client.watch("watch 100000") as watched:
        query = daemon.instance.watches.opened[0]
        for _ in range(60):
            query.tell()
            time.sleep(0.005)
        until(lambda: _stands_still(query))
        assert query.batches < 40
        count = 0
        while count < 60:
            count += len(next(watched))
        assert count == 60


def test_the_client_is_told_why_it_ended(start: Start) -> None:
    daemon = start()
    with daemon.client() as client:
        watched = client.watch("watch 1")
        next(watched)
        daemon.instance.watches.opened[0].text = "watch crash"
        daemon.instance.watches.opened[0].tell()
        with pytest.raises(PaasqError, match="KeyError"):
            next(watched)


def test_the_client_outlives_its_daemon(folder: Path) -> None:
    with running(folder / "paasq.sock", Limits(grace_s=0.2), 2) as daemon:
        client = daemon.client()
        watched = client.watch("watch 1")
        next(watched)
    with pytest.raises(DaemonUnavailable, match="cursor of the last batch"):
        next(watched)
