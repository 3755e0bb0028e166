"""No text keeps a worker for longer than its time, and none keeps another client from its answer."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator

import pytest

from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.errors import BudgetExceeded, Cancelled, PaasqError, WorkerEnded
from paasq_daemon.wire.request import Budget, Request
from paasq_daemon.workers.tasks import CheckTask, QueryTask
from workers.bombs import BOMBS, NOTES, notes
from workers.conftest import Pooled, opened_pool

TIME_MS = 200
LATE_S_MAX = 2.0  # on a machine that does much else; figures are those of `make siege`

LONG = BOMBS["very many stages"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pooled]:
    """One daemon for all: it outlives each bomb."""
    with opened_pool(tmp_path_factory.mktemp("bombs") / "data") as pooled:
        _fill(pooled)
        yield pooled


def _fill(pooled: Pooled) -> None:
    pooled.rows(NOTES)
    pooled.instance.records.put("note", notes(3_000))
    pooled.rows("from note | take 1")


@pytest.mark.parametrize("name", BOMBS)
def test_ends_in_time(store: Pooled, name: str) -> None:
    began_s = time.monotonic()
    error = store.begin(QueryTask(Request(BOMBS[name])), CancellationToken(TIME_MS)).exception(60)
    assert error is None or isinstance(error, PaasqError)
    assert time.monotonic() - began_s < TIME_MS / 1000 + LATE_S_MAX
    assert store.rows('from note | where id == "a7" | select n') == [[7]]


def test_a_check_ends_in_time_too(store: Pooled) -> None:
    token = CancellationToken(TIME_MS)
    with pytest.raises(BudgetExceeded):
        store.begin(CheckTask("from note | where n > 0" + " or n > 1" * 20_000, {}), token).result(60)


def test_a_cancelled_text_ends(store: Pooled) -> None:
    token = CancellationToken()
    running = store.begin(QueryTask(Request(LONG)), token)
    time.sleep(0.1)
    token.cancel()
    with pytest.raises(Cancelled):
        running.result(10)


def test_what_waits_for_its_turn_can_be_cancelled_and_late(store: Pooled) -> None:
    long = [store.begin(QueryTask(Request(LONG)), CancellationToken(3_000)) for _ in range(2)]
    token = CancellationToken()
    waiting = store.begin(QueryTask(Request("from note | take 1")), token)
    late = store.begin(QueryTask(Request("from note | take 1")), CancellationToken(50))
    token.cancel()
    with pytest.raises(Cancelled):
        waiting.result(2)
    with pytest.raises(BudgetExceeded):
        late.result(2)
    for each in long:
        each.exception(60)


def test_memory_ends_in_words(store: Pooled) -> None:
    pids = store.pids
    with pytest.raises((BudgetExceeded, WorkerEnded), match=r"memory|ended before"):
        store.answer(
            "from note | extend x = repeat(body, 50) | summarize " + ", ".join(f"c{i} = collect(x)" for i in range(9))
        )
    assert store.rows('from note | where id == "a7" | select n') == [[7]]
    assert len(store.pids | pids) <= 4  # a worker that ended by itself is tried once more


def test_a_worker_that_dies_is_replaced_and_its_readers_are_forgotten(store: Pooled) -> None:
    victim = next(iter(store.pool._workers))
    victim.end()
    for _ in range(200):
        try:
            assert store.rows('from note | where id == "a7" | select n') == [[7]]
        except WorkerEnded:
            continue
        if victim.pid not in store.pids and len(store.pids) == 2:
            break
        time.sleep(0.01)
    assert len(store.pids) == 2


def test_a_client_that_asks_for_much_does_not_keep_others_waiting(store: Pooled) -> None:
    """One client's hundred texts, each of some milliseconds; another's wait for two of them at most, not for all."""
    text = "from note | extend x = reverse(upper(body)) | sort x | take 1"
    alone = statistics.median(_timed(store, text) for _ in range(3))
    many = [store.begin(QueryTask(Request(text)), client="greedy") for _ in range(100)]
    assert _timed(store, text, client="modest") < 20 * alone
    assert sum(each.done() for each in many) < 60
    for each in many:
        each.result(60)


def _timed(store: Pooled, text: str, client: str = "client") -> float:
    began_s = time.monotonic()
    store.begin(QueryTask(Request(text, budget=Budget())), client=client).result(60)
    return time.monotonic() - began_s


def test_a_zygote_that_dies_is_replaced_with_its_workers(store: Pooled) -> None:
    before = store.pids
    store.pool._zygote._process.kill()
    for _ in range(400):
        try:
            store.rows('from note | where id == "a7" | select n')
        except WorkerEnded:
            time.sleep(0.01)
        if len(store.pids) == 2 and not store.pids & before:
            break
        time.sleep(0.01)
    assert store.rows('from note | where id == "a7" | select n') == [[7]]
