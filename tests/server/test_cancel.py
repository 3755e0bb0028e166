"""Cancelling and time budgets, of requests that run and of those that wait."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import BudgetExceeded, Cancelled, PaasqError
from paasq_daemon.wire.request import Budget, Request
from server.conftest import Daemon, Start
from server.raw import Raw, request


def test_a_running_request_is_cancelled(daemon: Daemon) -> None:
    with Raw(daemon.socket) as raw:
        raw.send(b'{"jsonrpc":"2.0","id":"slow","method":"query","params":{"text":"sleep 30"}}\n')
        assert daemon.instance.running.wait(5)
        answers = [raw.ask(request("cancel", 2, id="slow")), raw.receive()]
        by_id = {answer["id"]: answer for answer in answers}
        assert by_id[2]["result"] == {"cancelled": True}
        assert by_id["slow"]["error"]["data"]["code"] == Cancelled.code
        assert raw.ask(request("cancel", 3, id="slow"))["result"] == {"cancelled": False}
    assert daemon.instance.cancelled == 1


@pytest.mark.parametrize("batch", [False, True])
def test_a_cancel_may_come_right_behind_its_request(daemon: Daemon, *, batch: bool) -> None:
    """In one piece, as where a task is cancelled that has just asked."""
    slow = b'{"jsonrpc":"2.0","id":"slow","method":"query","params":{"text":"sleep 30"}}'
    cancel = b'{"jsonrpc":"2.0","method":"cancel","params":{"id":"slow"}}'
    with Raw(daemon.socket) as raw:
        raw.send((b"[%b]" % slow if batch else slow) + b"\n" + cancel + b"\n")
        received: Any = raw.receive()
        answer = received[0] if batch else received
        assert answer["error"]["data"]["code"] == Cancelled.code


def test_a_queued_request_is_cancelled_at_once(start: Start) -> None:
    daemon = start(workers=1)
    with daemon.client() as client, ThreadPoolExecutor(2) as threads:
        token = CancellationToken()
        slow = threads.submit(client.request, Request("sleep 1.5"))
        assert daemon.instance.running.wait(5)
        queued = threads.submit(client.request, Request("echo"), token)
        time.sleep(0.1)
        token.cancel()
        with pytest.raises(Cancelled):
            queued.result(1)
        assert not slow.done()
        assert len(slow.result(5)) == 0


@pytest.mark.parametrize("text", ["sleep 30", "echo"])
def test_time_budget_while_running_and_while_queued(start: Start, text: str) -> None:
    daemon = start(workers=1)
    with daemon.client() as client:
        blocker = threading.Thread(target=client.query, args=("sleep 1.5",))
        if text == "echo":
            blocker.start()
            assert daemon.instance.running.wait(5)
        began_s = time.monotonic()
        with pytest.raises(BudgetExceeded, match="100 ms"):
            client.request(Request(text, budget=Budget(time_ms=100)))
        assert 0.09 < time.monotonic() - began_s < 1.2
        if text == "echo":
            blocker.join()


def test_a_client_that_leaves_cancels_its_requests(daemon: Daemon) -> None:
    with Raw(daemon.socket) as raw:
        raw.send(b'{"jsonrpc":"2.0","id":1,"method":"query","params":{"text":"sleep 30"}}\n')
        assert daemon.instance.running.wait(5)
    end_s = time.monotonic() + 5
    while daemon.instance.cancelled == 0 and time.monotonic() < end_s:
        time.sleep(0.01)
    assert daemon.instance.cancelled == 1


def test_embedding_is_cancelled_between_steps(daemon: Daemon) -> None:
    with Raw(daemon.socket) as raw:
        raw.send(b'{"jsonrpc":"2.0","id":1,"method":"embed","params":{"seconds_max":30}}\n')
        assert daemon.instance.running.wait(5)
        raw.send(b'{"jsonrpc":"2.0","method":"cancel","params":{"id":1}}\n')
        assert raw.receive()["error"]["data"]["code"] == Cancelled.code


def test_threads_share_a_client(daemon: Daemon) -> None:
    with daemon.client() as client, ThreadPoolExecutor(100) as threads:
        answers = threads.map(lambda n: client.query("echo", n=n)[0].n, range(500))
        assert list(answers) == list(range(500))


def test_closing_a_client_ends_its_calls(daemon: Daemon) -> None:
    client = daemon.client()
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(client.query, "sleep 30")
        assert daemon.instance.running.wait(5)
        client.close()
        with pytest.raises(PaasqError, match="closed"):
            slow.result(5)
    with pytest.raises(PaasqError, match="closed"):
        client.status()
