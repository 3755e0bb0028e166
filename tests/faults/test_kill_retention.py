"""Deleting what is past its time, and trimming history, are killed at every step: before and after each transaction, and at each
call to the file system between. What is to be kept is there, and the next run does the rest."""

from __future__ import annotations

import shutil
import sys
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from faults.killed import kills
from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.instance import Instance
from paasq_daemon.services.retention import RetentionService
from paasq_daemon.store.store import Store
from paasq_daemon.wire.request import Request
from paasq_dsl.values import parse_time
from properties.worlds import SmallEmbedder

DAY = 86_400_000_000
NOON = parse_time("2026-11-27T12:00Z")
SCHEMA = "collection reading { key id: keyword  at: time  n: int } keep 90d by at history 3d"


@pytest.fixture
def original(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Readings of which 25 are due, and ten versions of another one, one a day."""
    now_us = NOON - 10 * DAY
    monkeypatch.setattr("time.time_ns", lambda: now_us * 1000)
    instance = Instance.open(tmp_path / "original", embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request(SCHEMA))
    instance.records.put("reading", [{"id": f"due{n}", "at": "2020-01-01"} for n in range(25)])
    for n in range(10):
        instance.records.put("reading", [{"id": "kept", "at": "2026-11-20", "n": n}])
        now_us += DAY
    instance.close()
    return tmp_path / "original"


def test_killed_at_any_step_it_deletes_only_what_is_due(
    original: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paasq_daemon.services.expiry.BATCH_RECORDS", 10)
    monkeypatch.setattr("paasq_daemon.store.journal_trim._ROWS_MAX", 3)
    folder = tmp_path / "data"
    shutil.copytree(original, folder)
    left: list[int] = []
    for step in kills(lambda: run_stepwise(folder)):
        with Store.open(folder, sync=False) as store:
            assert store.check() == [], step
            with store.read() as view:
                left.append(view.live_count(1))
                kept = view.get(1, "kept")
                assert kept is not None, step
                assert 9 in kept.fields.values(), step
        run(folder)
        with Store.open(folder, sync=False) as store, store.read() as view:
            assert list(view.keys(1)) == ["kept"], step
            bodies = sum(1 for _ in view.tables.bodies.scan(view.txn))
            assert bodies == 4 + 25, step  # of three days, and what was deleted just now
        shutil.rmtree(folder)
        shutil.copytree(original, folder)
    assert set(left) == {26, 16, 6, 1}


def run(folder: Path) -> None:
    with Store.open(folder, sync=False) as store:
        indexes = Indexes(folder, store)
        RetentionService(store, indexes, lambda: NOON).run(trust_clock=True)
        indexes.close()


def run_stepwise(folder: Path) -> None:
    """As `run`, with a step before and after each transaction."""
    write = Store.write

    def stepping(store: Store, work: Any) -> Future[Any]:
        sys.audit("os.mkdir")
        done = write(store, work)
        done.result()
        sys.audit("os.mkdir")
        return done

    Store.write = stepping  # type: ignore[method-assign,assignment]
    run(folder)
