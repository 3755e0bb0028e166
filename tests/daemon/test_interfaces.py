"""One store, four ways to it: in the process, over the socket, by frames written by hand, by the command. All agree."""

from __future__ import annotations

import json
import random
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import paasq
from daemon.notes import COUNT, fill
from daemon.process import PAASQ, Daemon
from paasq_daemon.snapshot.encryption_key import given_key, write_key_file
from paasq_daemon.snapshot.listing import list_snapshots
from paasq_daemon.snapshot.locate import find_storage
from paasq_daemon.snapshot.signature import write_signing_key
from paasq_daemon.snapshot.verify import verify_snapshot
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.client import Client
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import BudgetExceeded, Cancelled, ConflictError, PaasqError
from paasq_daemon.wire.framing import Framing
from paasq_daemon.wire.request import Budget, Request
from server.raw import Raw, request

QUERIES: dict[str, dict[str, Any]] = {
    "from note | where n > 100 and done | select id, n, x, at, span, tags, next, place | take 7": {},
    'from note | find "night train" | take 6 | select id, _score, why = snippet(body, 30)': {},
    'from note | match body, title^2 "soup -winter" | facet tags, done | take 5': {},
    'from note | near meaning to "an instrument with strings" | take 5 | select id, title': {},
    "from note | near place to $v | take 3 | select id, _score": {"v": [3.0, 1.0]},
    "from note | where id in $ids | sort id desc | select id, done, next->title": {"ids": ["n3", "n11", "n7"]},
    "from note | where at >= $since | summarize n = count(), x = avg(x), last = max(at) by y = year(at)": {
        "since": "2015-01-01"
    },
    'from note | where _key == "n5" | follow next depth 1..3 | select id, _depth': {},
    "from note | sort x desc | page 4 | select id": {},
    "from note | where span > 90h | summarize span = max(span), x = sum(x)": {},
    "from note | select a = 1 / 0, b = null, c = [1, 2], d = @2026-11-22T09:30:00Z + 1mo | take 2": {},
    "from note | where nothing == 1": {},
    'from note | match body "\\"open"': {},
    "from note | where n * 4 > 3": {},
    "from note | where id == $missing": {},
}
_VARYING = {"elapsed_ms", "seq"}


def test_all_ways_agree(daemon: Daemon) -> None:
    with daemon.client() as client:
        fill(client)
        seq = client.status()["seq"]
        by_socket = [_asked(client, text, params) for text, params in QUERIES.items()]
    by_hand = {framing: _by_hand(daemon.socket, framing) for framing in Framing}
    by_command = [_by_command(daemon.folder, text, params) for text, params in QUERIES.items()]
    assert daemon.stop() == 0
    with paasq.open(daemon.folder) as store:
        in_process = [_asked(store, text, params) for text, params in QUERIES.items()]
        assert store.status()["seq"] == seq
    assert sum("message" in answer for answer in in_process) == 4
    for way in (by_socket, by_command, *by_hand.values()):
        assert way == in_process


def _asked(database: Database, text: str, params: dict[str, Any]) -> dict[str, Any]:
    try:
        return _kept(database.query(text, **params).to_json())
    except PaasqError as error:
        return {"message": error.message}


def _by_hand(path: Path, framing: Framing) -> list[dict[str, Any]]:
    with Raw(path, timeout_s=30) as raw:
        answers = [raw.ask(request("query", text=text, params=params), framing) for text, params in QUERIES.items()]
    return [_kept(a["result"]) if "result" in a else {"message": a["error"]["message"]} for a in answers]


def _by_command(folder: Path, text: str, params: dict[str, Any]) -> dict[str, Any]:
    given = [part for name, value in params.items() for part in ("-p", f"{name}={json.dumps(value)}")]
    command = [*PAASQ, "query", text, *given, "--format", "json", "--data", str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if ended.returncode == 0:
        return _kept(json.loads(ended.stdout))
    head, place, *_ = ended.stderr.splitlines()
    return {"message": f"{place.partition('--> ')[2] or place.strip()}: {head.partition(': ')[2]}"}


def _kept(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in _VARYING}


def test_a_client_sees_its_own_writes(daemon: Daemon) -> None:
    with daemon.client() as client:
        fill(client)
        for i in range(8):
            word = f"zanzibar{i}"
            client.put("note", {"id": word, "title": f"The {word} ferry", "n": 1000 + i, "place": [-1.0, float(i)]})
            assert [r.id for r in client.query("from note | match title $w", w=word)] == [word]
            assert client.query("from note | near meaning to $t | take 1", t=f"The {word} ferry")[0].id == word
            assert [r.id for r in client.query("from note | where n == $n", n=1000 + i)] == [word]
            assert client.query("from note | where _key == $k | near place to [-1, 0]", k=word)[0].id == word
            assert (client.get("note", word) or {})["title"] == f"The {word} ferry"
            client.query("patch note:" + word + ' set title = "gone"')
            assert client.query("from note | match title $w", w=word).rows == []
            client.query("delete from note where id == $k", k=word)
            assert client.query("from note | where n == $n", n=1000 + i).rows == []
            assert client.get("note", word) is None


_LONG = 'from note | where contains(concat(body, title, body), "zz") | summarize n = count()'


@pytest.fixture
def busy(daemon: Daemon) -> Daemon:
    """With enough records for a statement of a script to take some milliseconds."""
    with daemon.client() as client:
        client.query("collection note { key id: keyword  title: text  body: text }")
        for start in range(0, 20_000, 10_000):
            client.put("note", [{"id": str(i), "title": "a", "body": "b"} for i in range(start, start + 10_000)])
    return daemon


def test_a_long_query_is_cancelled(busy: Daemon) -> None:
    cancel = CancellationToken()
    with busy.client() as client:
        threading.Timer(0.3, cancel.cancel).start()
        began_s = time.monotonic()
        with pytest.raises(Cancelled):
            client.request(Request(";".join([_LONG] * 200)), cancel)
        assert time.monotonic() - began_s < 3
        assert client.query(_LONG)[0].n == 0


def test_a_time_budget_ends_a_long_query(busy: Daemon) -> None:
    with busy.client() as client:
        began_s = time.monotonic()
        with pytest.raises(BudgetExceeded) as caught:
            client.request(Request(";".join([_LONG] * 200), budget=Budget(time_ms=200)))
        assert time.monotonic() - began_s < 3
        assert "200 ms" in caught.value.message
        rows = client.request(Request("from note", budget=Budget(rows=5)))
        assert (len(rows), rows.complete, rows.reason) == (5, False, "rows")


def test_clients_side_by_side(daemon: Daemon) -> None:
    """Each of 8 threads counts its own record up, all of them a common one; meanwhile they read."""
    seconds, threads_count = 2.0, 8
    with daemon.client() as client:
        client.query("collection tally { key id: keyword  body: text(en)  n: int  made: vector(auto) from body }")
        client.put("tally", [{"id": "all", "body": "common", "n": 0}])
    counted, failures = [0] * threads_count, list[BaseException]()
    shared = [0] * threads_count

    def work(number: int) -> None:
        rng = random.Random(number)
        end_s = time.monotonic() + seconds
        try:
            with daemon.client() as client:
                while time.monotonic() < end_s:
                    _step(client, rng, number, counted, shared)
        except BaseException as error:  # noqa: BLE001  # the test shows it
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(threads_count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert failures == []
    with daemon.client() as client:
        stored = {row.id: row.n for row in client.query("from tally | select id, n")}
        model = {f"t{number}": count for number, count in enumerate(counted) if count}
        assert stored == model | {"all": sum(shared)}
        found = client.query('from tally | match body "count" | page 100 | select id')
        assert {row.id for row in found} == set(model)
    assert min(counted) > 0
    assert sum(shared) > 0


def _step(client: Client, rng: random.Random, number: int, counted: list[int], shared: list[int]) -> None:
    key = f"t{number}"
    match rng.randrange(5):
        case 0 | 1:
            client.put("tally", {"id": key, "body": f"count {counted[number] + 1}", "n": counted[number] + 1})
            counted[number] += 1
        case 2:
            version = client.query('from tally | where _key == "all" | select _version, n')[0]
            try:
                client.query("patch tally:all set n = n + 1 expect _version == $v", v=version[0])
                shared[number] += 1
            except ConflictError:
                pass
        case 3:
            mine = client.query("from tally | where _key == $k | select n", k=key)
            assert [row.n for row in mine] == ([counted[number]] if counted[number] else [])
        case _:
            answer = client.query('from tally | find "count" | select id, n')
            assert {row.id: row.n for row in answer}.get(key, 0) == counted[number]


def test_snapshots_through_the_daemon(daemon: Daemon, folder: Path) -> None:
    asked = list(QUERIES.items())[:10]
    restored = folder.with_name("restored")
    with daemon.client() as client:
        fill(client)
        before = [_asked(client, text, params) for text, params in asked]
        assert client.snapshot_create("monday")["seq"] == client.status()["seq"]
        client.query("delete from note where n > 10")
        client.put("note", {"id": "later", "title": "soup"})
        assert [each["name"] for each in client.snapshot_list()] == ["monday"]
        for depth in (1, 2, 3):
            assert client.snapshot_verify("monday", depth)["ok"]
        client.snapshot_restore("monday", restored)
        with pytest.raises(PaasqError, match="not an empty folder"):
            client.snapshot_restore("monday", restored)
        with pytest.raises(PaasqError, match="inside the store"):
            client.snapshot_restore("monday", folder / "restored")
        with pytest.raises(PaasqError, match=r"there are: 'monday'"):
            client.snapshot_verify("tuesday")
        assert client.query("from note | summarize n = count()")[0].n < COUNT
    with paasq.open(restored) as store:
        assert [_asked(store, text, params) for text, params in asked] == before


def test_the_daemon_encrypts_and_signs_snapshots(daemon: Daemon, folder: Path) -> None:
    """The paths are sent, and neither the key nor a passphrase; what it made is opened without the daemon."""
    disk, key, words, sign = (folder.with_name(name) for name in ("disk", "key", "words", "sign"))
    write_key_file(key)
    signer = write_signing_key(sign)
    words.write_text("correct horse battery")
    with daemon.client() as client:
        fill(client)
        made = client.snapshot_create("monday", to=str(disk), key_file=key, sign=sign)
        assert made["signed_by"] == signer
        with pytest.raises(PaasqError, match="are encrypted"):
            client.snapshot_create("tuesday", to=str(disk))
        with pytest.raises(PaasqError, match=r"the passphrase in .* does not open"):
            client.snapshot_create("tuesday", to=str(disk), passphrase_file=words)
        client.snapshot_create("own", passphrase_file=words)
        for text in ('from note as of snapshot "own"', 'snapshot "more"', "show snapshots"):
            with pytest.raises(PaasqError, match="are encrypted"):
                client.query(text)
    for place, given in ((disk, given_key(key, None)), (folder, given_key(None, words))):
        (name,) = [each.name for each in list_snapshots(find_storage(str(place), given))]
        assert verify_snapshot(find_storage(str(place), given), name, "restore").findings == []


def test_the_daemon_takes_scheduled_snapshots(daemon: Daemon, folder: Path) -> None:
    with daemon.client() as client:
        fill(client)
    daemon.stop()
    command = [*PAASQ, "snapshot", "schedule", "every 1h keep 2 last", "--to", str(folder.with_name("disk")), "--data"]
    subprocess.run([*command, str(folder)], check=True, capture_output=True)
    daemon.start()
    shown: dict[str, Any] = {}
    for _ in range(200):
        time.sleep(0.1)
        command = [*PAASQ, "snapshot", "schedule", "--json", "--data", str(folder)]
        shown = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        if shown["last"]:
            break
    assert shown["error"] is None
    assert shown["to"] == str(folder.with_name("disk"))
    assert daemon.stop() == 0
    listed = [*PAASQ, "snapshot", "list", "--json", "--from", str(folder.with_name("disk"))]
    found = json.loads(subprocess.run(listed, check=True, capture_output=True).stdout)
    assert [(each["name"], each["collections"]["note"]) for each in found] == [(shown["last"], COUNT)]
