"""What good and bad requests are answered with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from paasq._embedded_database import EmbeddedDatabase
from paasq_daemon.server.methods import METHODS
from paasq_daemon.wire.answer import PutResult
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import ConflictError, QueryError
from paasq_daemon.wire.framing import Framing
from paasq_daemon.wire.json_rpc import INTERNAL_ERROR, RpcError
from paasq_dsl.values import Duration
from server.conftest import Daemon
from server.fake_instance import CATALOG, FakeInstance
from server.raw import Raw, request


def _use(store: Database) -> list[Any]:
    """Every method once; what comes back must not depend on how the store is reached."""
    return [
        store.put("task", {"id": "a", "tags": ["x"]}),
        store.put("task", [{"id": "b", "tags": None}, {"id": "c"}]),
        store.get("task", "a"),
        store.get("task", "none"),
        store.query("rows 150").to_dicts()[:1][0]["took"],
        store.query("rows 3").rows[0][:3],
        store.query("echo", text="$x", due=datetime(2026, 11, 22, 9, 30, tzinfo=UTC)).to_dicts(),
        store.explain("echo", x=1).plan,
        store.catalog(),
        store.status(),
        store.values("task", "id", "b"),
        store.check("nonsense"),
        store.embed(),
        store.expire(dry_run=True),
        store.snapshot_create("monday"),
        store.snapshot_list(),
        store.snapshot_verify("monday"),
        store.snapshot_restore("monday", Path("/nowhere")),
        store.snapshot_restore(None, Path("/nowhere"), at=7),
        store.snapshot_archive(),
    ]


def test_connected_and_embedded_give_the_same(daemon: Daemon) -> None:
    with daemon.client() as client, EmbeddedDatabase(FakeInstance()) as embedded:
        connected = _use(client)
        assert connected == _use(embedded)
    assert connected[0] == PutResult(("a",), 1)
    assert connected[2] == {
        "id": "a",
        "tags": ["x"],
        "due": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        "effort": Duration(months=1),
        "_version": 1,
    }
    assert connected[6] == [{"text": "$x", "due": "2026-11-22T09:30:00Z"}]
    assert connected[8] == CATALOG


def test_errors_come_back_as_their_class(daemon: Daemon) -> None:
    with daemon.client() as client:
        with pytest.raises(QueryError, match="no verb") as wrong:
            client.query("frobnicate")
        assert wrong.value.diagnostics[0]["end"] == 10
        assert wrong.value.hint.startswith("there are echo")
        with pytest.raises(ConflictError, match="nosuch"):
            client.put("nosuch", {"id": "x"})
        with pytest.raises(RpcError, match="KeyError") as crashed:
            client.query("crash")
        assert crashed.value.rpc_code == INTERNAL_ERROR
        assert "secret" not in str(crashed.value)


def test_two_framings_give_the_same(daemon: Daemon) -> None:
    with Raw(daemon.socket) as lines, Raw(daemon.socket) as headers:
        for message in (
            request("query", text="rows 2"),
            request("query", "an id", text="echo", params={"x": [1, None, {"y": "é"}]}),
            request("put", collection="task", records=[{"id": "é"}]),
            request("catalog"),
            request("nosuch"),
            [request("status", 1), request("status", 2)],
            [],
            7,
        ):
            assert lines.ask(message) == headers.ask(message, Framing.HEADERS), message


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("query", {}, "params.text is missing"),
        ("query", {"text": 7}, "params.text must be text, not 7$"),
        ("query", {"text": "echo", "txt": 1}, "params.txt is not known"),
        ("query", {"text": "echo", "params": []}, "params.params must be an object, not a list"),
        ("query", {"text": "echo", "budget": {"time": 1}}, "params.budget.time is not known"),
        ("query", {"text": "echo", "budget": {"time_ms": 0}}, "params.budget.time_ms must be a number above 0, not 0$"),
        (
            "query",
            {"text": "echo", "budget": {"rows": True}},
            "params.budget.rows must be a whole number .*, not a boolean$",
        ),
        ("query", {"text": "x" * 300_000}, "params.text may have"),
        ("query", {"text": "echo", "now": "noon"}, "params.now: 'noon' is not a date or time"),
        ("query", {"text": "echo", "now": 7}, "params.now must be text"),
        ("explain", {"text": "echo", "zone": 1}, "params.zone must be text"),
        ("get", {"collection": "task", "key": None}, "params.key is missing"),
        ("put", {"collection": "task", "records": [{}, 3]}, r"params.records\[1\] must be an object"),
        ("status", {"x": 1}, "params.x is not known"),
        ("values", {"collection": "task", "field": "id", "limit": 0}, "params.limit must be a whole number"),
        ("snapshot.verify", {"name": "x", "depth": 4}, "params.depth must be a whole number from 1 to 3, not 4$"),
        ("cancel", {"id": 1.5}, "params.id must be the id"),
    ],
)
def test_wrong_parameters_are_named(daemon: Daemon, method: str, params: dict[str, Any], words: str) -> None:
    with daemon.client() as client, pytest.raises(RpcError, match=words) as wrong:
        client.call(method, params)
    assert wrong.value.rpc_code == -32602


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"id": 1, "method": "status"}, -32600),
        ({"jsonrpc": "1.0", "id": 1, "method": "status"}, -32600),
        ({"jsonrpc": "2.0", "id": 1}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": 7}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": "nosuch"}, -32601),
        ({"jsonrpc": "2.0", "id": 1, "method": "status", "params": [1]}, -32602),
        ({"jsonrpc": "2.0", "id": 1, "method": "status", "parms": {}}, -32600),
        ({"jsonrpc": "2.0", "id": [1], "method": "status"}, -32600),
        ({"jsonrpc": "2.0", "id": True, "method": "status"}, -32600),
        ({"jsonrpc": "2.0", "id": "x" * 200, "method": "status"}, -32600),
    ],
)
def test_messages_that_are_no_requests(daemon: Daemon, message: dict[str, Any], code: int) -> None:
    with Raw(daemon.socket) as raw:
        answer = raw.ask(message)
        assert answer["error"]["code"] == code
        assert answer["id"] == (1 if message["id"] == 1 and message["id"] is not True else None)
        assert raw.ask(request("status", 2))["result"] == {"records": 0}


def test_a_notification_is_run_and_not_answered(daemon: Daemon) -> None:
    put = request("put", collection="task", records=[{"id": "a"}])
    del put["id"]
    with Raw(daemon.socket) as raw:
        batch = raw.ask([put, request("status", 5)])
        assert [answer["id"] for answer in batch] == [5]
        assert raw.ask(request("get", 6, collection="task", key="a"))["result"]["record"]["id"] == "a"


def test_a_half_closed_connection_still_gets_its_answers(daemon: Daemon) -> None:
    with Raw(daemon.socket) as raw:
        raw.send(b'{"jsonrpc": "2.0", "id": 1, "method": "query", "params": {"text": "sleep 0.3"}}')  # no newline
        raw.socket.shutdown(1)
        assert raw.receive()["result"]["rows"] == []
        assert raw.receive() is None


def test_every_method_has_a_place_here() -> None:
    assert set(METHODS) == {
        "query", "explain", "check", "get", "put", "catalog", "status", "health", "values", "embed", "expire", "ping", "cancel",
        "activity", "metrics",
        "snapshot.create", "snapshot.list", "snapshot.verify", "snapshot.delete", "snapshot.restore", "snapshot.archive",
        "schema.apply", "dump",
        "compact", "watch", "unwatch", "methods",
    }  # fmt: skip
