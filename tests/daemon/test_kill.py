"""kill -9 while clients put: what was acknowledged is there, and every index finds exactly that after the restart."""

from __future__ import annotations

import random
import subprocess
import threading
import time

import pytest

from daemon.process import PAASQ, Daemon
from paasq_daemon.wire.errors import ConflictError, DaemonUnavailable

KILLS = 3
WRITERS = 3
_SCHEMA = "collection item { key id: keyword  body: text  n: int  made: vector(auto) from body  place: vector(2) }"
_WORDS = ("harbour", "violin", "soup", "bicycle", "winter", "letter", "garden", "train")


def _text(writer: int, number: int) -> str:
    return f"w{writer}x{number} {_WORDS[number % len(_WORDS)]} {_WORDS[writer]}"


def _put_until_killed(daemon: Daemon, writer: int, start: int, acknowledged: set[tuple[int, int]]) -> None:
    """One record after another; by the language and by the method in turn."""
    number = start
    try:
        with daemon.client() as client:
            while True:
                record = {
                    "id": f"{writer}-{number}",
                    "body": _text(writer, number),
                    "n": number,
                    "place": [number, writer],
                }
                if number % 2:
                    client.put("item", record)
                else:
                    text = "put item {id: $id, body: $body, n: $n, place: $place} expect absent"
                    client.query(text, **record)
                acknowledged.add((writer, number))
                number += 1
    except DaemonUnavailable:
        return


def test_kill_9_during_puts(daemon: Daemon) -> None:
    chance = random.Random(7)
    with daemon.client() as client:
        client.query(_SCHEMA)
    acknowledged: set[tuple[int, int]] = set()
    for kill in range(KILLS):
        start = (kill + 1) * 100_000
        threads = [
            threading.Thread(target=_put_until_killed, args=(daemon, writer, start, acknowledged))
            for writer in range(WRITERS)
        ]
        before = len(acknowledged)
        for thread in threads:
            thread.start()
        while len(acknowledged) < before + 20:
            assert any(thread.is_alive() for thread in threads), daemon.log
            time.sleep(0.01)
        time.sleep(chance.random() / 5)  # so that the kill falls anywhere
        daemon.kill()
        for thread in threads:
            thread.join(10)
            assert not thread.is_alive(), "a client waits for a daemon that is dead"
        daemon.start()
        _check(daemon, acknowledged)


def _check(daemon: Daemon, acknowledged: set[tuple[int, int]]) -> None:
    with daemon.client() as client:
        client.embed()
        rows = client.query("from item | select id, n, body | page 100000").to_dicts()
        stored = {tuple(map(int, row["id"].split("-"))) for row in rows}
        assert acknowledged <= stored
        for writer in range(WRITERS):  # of each client one put may be stored whose acknowledgement was not sent
            mine = {number for w, number in stored if w == writer}
            runs = {number // 100_000 for number in mine}
            assert len(mine - {n for w, n in acknowledged if w == writer}) <= len(runs)
        assert {row["body"] for row in rows} == {_text(*item) for item in stored}
        count = client.query("from item | where n >= 0 | summarize n = count()")[0].n
        assert count == len(stored)
        for word in _WORDS:
            found = client.query("from item | match body $w | page 100000 | select id", w=word)
            assert {row.id for row in found} == {row["id"] for row in rows if word in row["body"]}
        near = client.query("from item | near made to $w | page 100000 | select id", w="a stringed instrument")
        assert len(near) == len(stored), "every record has its vector"
        for writer, number in random.Random(len(stored)).sample(sorted(acknowledged), 10):
            one = client.query("from item | match body $w | select id", w=f"w{writer}x{number}")
            assert [row.id for row in one] == [f"{writer}-{number}"]
            place = client.query("from item | near place to $v | take 1 | select n", v=[float(number), float(writer)])
            assert len(place) == 1
            with pytest.raises(ConflictError):
                client.query("put item {id: $id} expect absent", id=f"{writer}-{number}")


def test_a_second_daemon_is_refused_by_name(daemon: Daemon) -> None:
    command = [*PAASQ, "serve", "--data", str(daemon.folder), "--socket", str(daemon.folder.with_name("other"))]
    second = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1
    assert f"process {daemon.pid}" in second.stderr
    assert str(daemon.socket) in second.stderr
    assert "Traceback" not in second.stderr
    with daemon.client() as client:
        assert client.status()["seq"] == 0


def test_sigterm_ends_it_clean(daemon: Daemon) -> None:
    with daemon.client() as client:
        client.query(_SCHEMA)
        client.put("item", {"id": "a", "body": "violin", "n": 1})
        assert daemon.stop() == 0  # although a client is connected
    assert not daemon.socket.exists()
    assert "stopped clean=true" in daemon.log
    daemon.start()
    with daemon.client() as client:
        assert [row.id for row in client.query('from item | find "violin"')] == ["a"]


def test_what_runs_when_it_is_told_to_stop_is_finished(daemon: Daemon) -> None:
    with daemon.client() as client:
        client.query(_SCHEMA)
        answers: list[int] = []
        records = [{"id": f"{i}", "body": f"soup {i}"} for i in range(5000)]
        thread = threading.Thread(target=lambda: answers.append(len(client.put("item", records).keys)))
        thread.start()
        while client.status()["seq"] < 1:
            time.sleep(0.01)
        time.sleep(0.05)
        assert daemon.stop() == 0
        thread.join(10)
    daemon.start()
    with daemon.client() as client:
        stored = client.query("from item | summarize n = count()")[0].n
    assert stored == (5000 if answers else 0), "all that was acknowledged, and never a part"
