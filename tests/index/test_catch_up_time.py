"""A query waits for what was written to be indexed no longer than it has time; the indexing goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from paasq_daemon.index.catch_up import CATCH_UP_RECORDS_MIN
from paasq_daemon.index.collection_index import CollectionIndex
from paasq_daemon.index.text_index import TextIndex
from paasq_daemon.instance import Instance
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import BudgetExceeded, Cancelled
from paasq_daemon.wire.request import Budget, Request
from properties.worlds import SmallEmbedder

FEW_MS = 300
LATE_S = 5.0  # on a machine that has other work


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    instance = Instance.open(tmp_path, embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request("collection note { key id: keyword body: text };"))
    instance.records.put("note", [{"id": "first", "body": "a stone"}])
    instance.engine.query(Request('from note | match "stone"'))
    instance.records.put("note", [{"id": f"n{n}", "body": f"stone {n}"} for n in range(CATCH_UP_RECORDS_MIN)])
    yield instance
    instance.close()


def held(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> tuple[Event, list[int]]:
    """The method waits for the event; the list has an entry a call."""
    go_on, calls, method = Event(), [], getattr(owner, name)

    def waiting(*args: object) -> object:
        calls.append(1)
        assert go_on.wait(60)
        return method(*args)

    monkeypatch.setattr(owner, name, waiting)
    return go_on, calls


@pytest.mark.parametrize(("owner", "name"), [(CollectionIndex, "apply"), (TextIndex, "_brought_up")])
@pytest.mark.parametrize("budget", ["of the request", "of the query"])
def test_a_budget_ends_the_waiting_and_not_the_work(
    instance: Instance, monkeypatch: pytest.MonkeyPatch, owner: type, name: str, budget: str
) -> None:
    go_on, calls = held(monkeypatch, owner, name)
    text = 'from note | match "stone" | select id'
    asked = Request(text, budget=Budget(time_ms=FEW_MS)) if budget == "of the request" else Request(
        f"{text} | budget time {FEW_MS}ms"
    )  # fmt: skip
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(BudgetExceeded, match=f"{FEW_MS} ms .* is being indexed"):
            instance.engine.query(asked)
        assert time.monotonic() - began < LATE_S
    go_on.set()
    assert len(instance.engine.query(Request(text)).rows) == CATCH_UP_RECORDS_MIN + 1
    assert len(calls) == 1, "one work for all who wait"


def test_who_waits_can_be_cancelled(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, _ = held(monkeypatch, TextIndex, "_brought_up")
    cancel, raised = CancellationToken(), list[Exception]()

    def ask() -> None:
        try:
            instance.engine.query(Request('from note | match "stone"'), cancel)
        except Cancelled as error:
            raised.append(error)

    thread = Thread(target=ask)
    thread.start()
    cancel.cancel()
    thread.join(LATE_S)
    assert len(raised) == 1
    go_on.set()


def test_a_query_of_columns_does_not_wait_for_the_text(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, _ = held(monkeypatch, TextIndex, "_brought_up")
    with pytest.raises(BudgetExceeded):
        instance.engine.query(Request('from note | match "stone"', budget=Budget(time_ms=FEW_MS)))
    assert instance.engine.query(Request("from note | summarize n = count()")).rows == [[CATCH_UP_RECORDS_MIN + 1]]
    go_on.set()


def test_a_failure_is_said_to_who_asks(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(TextIndex, "_brought_up", failing)
    with pytest.raises(Exception, match="no room"):
        instance.engine.query(Request('from note | match "stone"'))
