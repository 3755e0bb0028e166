"""Limits hold, say what they are, and leave the daemon answering."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from paasq_daemon.server.limits import Limits
from paasq_daemon.wire.errors import BudgetExceeded, LimitExceeded
from paasq_daemon.wire.framing import FRAME_BYTES_MAX, Framing, frame
from paasq_daemon.wire.json_rpc import dump
from paasq_daemon.wire.request import Budget, Request
from server.conftest import Daemon, Start
from server.raw import Raw, request


def _code(answer: dict[str, dict[str, dict[str, str]]]) -> str:
    return answer["error"]["data"]["code"]


def _eventually(holds: Callable[[], bool]) -> bool:
    for _ in range(500):
        if holds():
            return True
        time.sleep(0.02)
    return False


def test_requests_in_flight(start: Start) -> None:
    daemon = start(Limits(in_flight_max=3, grace_s=0.2))
    with Raw(daemon.socket) as raw:
        for id_ in range(3):
            raw.send(b'{"jsonrpc":"2.0","id":%d,"method":"query","params":{"text":"sleep 30"}}\n' % id_)
        refused = raw.ask(request("status", 9))
        assert (refused["id"], _code(refused)) == (9, LimitExceeded.code)
        assert _code(raw.ask([request("status", n) for n in range(4)])) == LimitExceeded.code
        assert "in flight already" in raw.ask(request("status", 1))["error"]["message"]
        for id_ in range(3):
            raw.send(b'{"jsonrpc":"2.0","method":"cancel","params":{"id":%d}}\n' % id_)
        assert {raw.receive()["id"] for _ in range(3)} == {0, 1, 2}
        assert "result" in raw.ask(request("status", 10))


def test_connections(start: Start) -> None:
    daemon = start(Limits(connections_max=2, grace_s=0.2))
    with Raw(daemon.socket) as one, Raw(daemon.socket) as two:
        assert "result" in one.ask(request("status"))
        assert "result" in two.ask(request("status"))
        with Raw(daemon.socket) as three:
            assert _code(three.ask(request("catalog"))) == LimitExceeded.code
            assert "result" in three.ask(request("health")), "the owner can ask how the daemon is"
            assert "result" in three.ask(request("activity"))
            two.close()
            assert _eventually(lambda: "result" in three.ask(request("catalog"))), "there is room now"
        assert "result" in one.ask(request("status"))


def test_idle_connections_do_not_lock_the_owner_out(start: Start) -> None:
    daemon = start(Limits(connections_max=2, connections_reserved=2, grace_s=0.2))
    with ExitStack() as stack:
        idle = [stack.enter_context(Raw(daemon.socket)) for _ in range(10)]
        with Raw(daemon.socket) as owner:
            assert "result" in owner.ask(request("status"))
        assert "result" in idle[0].ask(request("catalog")), "those within the limit stay"
        assert idle[2].receive() is None, "the first beyond it made room for a later one"


def test_a_connection_beyond_the_limit_may_not_idle(start: Start) -> None:
    daemon = start(Limits(connections_max=1, reserved_idle_timeout_s=0.2, grace_s=0.2))
    with Raw(daemon.socket) as one, Raw(daemon.socket) as two:
        assert "result" in one.ask(request("status"))
        assert two.receive() is None
        assert "result" in one.ask(request("catalog"))


def test_a_burst_of_connections_is_served(start: Start) -> None:
    """Also of clients whose connect does not wait, which the system turns away where too many have not been accepted."""
    daemon = start()
    with ExitStack() as stack:
        many = [stack.enter_context(Raw(daemon.socket)) for _ in range(168)]
        for each in many:
            each.send(frame(dump(request("catalog")), Framing.LINES))
        assert all("result" in each.receive() for each in many)


def test_the_time_of_a_text_is_bounded(start: Start) -> None:
    daemon = start(Limits(query_time_ms=100, query_time_ms_max=200, grace_s=0.2))
    with daemon.client() as client:
        for budget, given in ((Budget(), 100), (Budget(time_ms=150), 150), (Budget(time_ms=60_000), 200)):
            with pytest.raises(BudgetExceeded, match=f"{given} ms"):
                client.request(Request("sleep 30", budget=budget))


def test_frames_too_long(start: Start) -> None:
    daemon = start(Limits(frame_bytes_max=10_000, grace_s=0.2))
    for data, framing in (
        (b'{"x": "' + b"x" * 20_000, Framing.LINES),
        (b"Content-Length: 20000\r\n\r\n", Framing.HEADERS),
        (b"Content-Length: 99999999999999999999999\r\n\r\n", Framing.HEADERS),
        (b"C" * 20_000, Framing.HEADERS),
    ):
        with Raw(daemon.socket) as raw:
            raw.send(data)
            assert raw.receive(framing)["error"]["data"]["code"].startswith("PQ600"), data[:30]
            assert raw.receive(framing) is None


def test_an_answer_too_long_is_an_error_not_a_hang(start: Start) -> None:
    daemon = start(Limits(frame_bytes_max=10_000, grace_s=0.2))
    with daemon.client() as client:
        with pytest.raises(LimitExceeded, match="longer than the most allowed") as long:
            client.query("rows 1000")
        assert "take" in long.value.hint
        assert len(client.query("rows 10")) == 10


def test_the_longest_answer_allowed_arrives(daemon: Daemon) -> None:
    with daemon.client() as client:
        shortest = len(dump(client.query("long 0").to_json() | {"elapsed_ms": 0.0}))
        assert len(client.query(f"long {FRAME_BYTES_MAX - shortest}")[0].x) == FRAME_BYTES_MAX - shortest
        with pytest.raises(LimitExceeded):
            client.query(f"long {FRAME_BYTES_MAX - shortest + 1}")


def test_a_frame_that_never_ends_and_a_client_that_idles(start: Start) -> None:
    daemon = start(Limits(frame_timeout_s=0.2, idle_timeout_s=0.5, grace_s=0.2))
    with Raw(daemon.socket) as slow, Raw(daemon.socket) as idle, Raw(daemon.socket) as busy:
        slow.send(b"Content-Le")
        busy.send(b'{"jsonrpc":"2.0","id":1,"method":"query","params":{"text":"sleep 0.8"}}\n')
        assert _code(slow.receive(Framing.HEADERS) or {}) == LimitExceeded.code
        assert idle.receive() is None
        assert busy.receive()["id"] == 1
        assert "result" in busy.ask(request("status"))  # a request in flight is no idling


def test_a_client_opens_anew_what_idling_closed(start: Start) -> None:
    daemon = start(Limits(idle_timeout_s=0.1, grace_s=0.2))
    with daemon.client() as client:
        assert client.status() == {"records": 0}
        time.sleep(0.4)
        assert client.status() == {"records": 0}


def test_a_client_that_takes_no_answers_is_hung_up_on(start: Start) -> None:
    daemon = start(Limits(write_timeout_s=0.2, grace_s=0.2))
    with Raw(daemon.socket) as deaf:
        for id_ in range(20):
            deaf.send(b'{"jsonrpc":"2.0","id":%d,"method":"query","params":{"text":"rows 3000"}}\n' % id_)
        time.sleep(1.5)
        with pytest.raises((OSError, AssertionError)):  # noqa: PT012  # which of the sends meets the closed end is chance
            for _ in range(3):
                deaf.send(b'{"jsonrpc":"2.0","id":99,"method":"status"}\n')
                time.sleep(0.1)
    with daemon.client() as client:
        assert client.status() == {"records": 0}
