"""A watch from Python: in this process and through a daemon, alike."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from paasq._embedded_database import EmbeddedDatabase
from paasq_daemon.instance import Instance
from paasq_daemon.watches.watch_evaluation import ROWS_HELD_MAX
from paasq_daemon.wire.errors import InvalidValue, LimitExceeded, QueryError
from paasq_daemon.wire.request import Budget, Request
from properties.worlds import SmallEmbedder


@pytest.fixture
def database(tmp_path: Path) -> EmbeddedDatabase:
    database = EmbeddedDatabase(Instance.open(tmp_path, embedder=SmallEmbedder(), sync=False))
    database.query("collection task { key id: keyword n: int due: time }; collection other { key id: keyword }")
    return database


def test_it_waits_for_a_write_that_matters(database: EmbeddedDatabase) -> None:
    with database, database.watch("watch from task | where n > $least", least=1) as watch:
        assert next(watch).live
        threading.Timer(0.05, lambda: database.put("other", {"id": "x"})).start()
        threading.Timer(0.1, lambda: database.put("task", {"id": "1", "n": 2})).start()
        (event,) = next(watch)
        assert (event.event, event.key, event.row.n) == ("enter", "1", 2)


def test_close_ends_the_loop_from_another_thread(database: EmbeddedDatabase) -> None:
    with database:
        watch = database.watch("watch from task")
        threading.Timer(0.05, watch.close).start()
        assert len(list(watch)) == 1


def test_closing_the_store_ends_it(database: EmbeddedDatabase) -> None:
    watch = database.watch("watch from task")
    next(watch)
    threading.Timer(0.05, database.close).start()
    assert list(watch) == []


def test_the_time_alone_makes_it_due(database: EmbeddedDatabase) -> None:
    with database, database.watch("watch from task | where due <= @now") as watch:
        next(watch)
        database.query('put task {id: "1", due: @now + 300ms}')
        (event,) = next(watch)
        assert event.event == "enter"


@pytest.mark.parametrize("text", ["from task", 'put task {id: "1"}; watch from task', "watch from task; from task"])
def test_a_text_that_is_no_watch_alone_is_refused(database: EmbeddedDatabase, text: str) -> None:
    with database, pytest.raises((InvalidValue, QueryError)):
        database.watch(text)


def test_a_query_of_a_watch_says_how_to_watch(database: EmbeddedDatabase) -> None:
    with database, pytest.raises(QueryError, match=r"db\.watch"):
        database.query('put task {id: "1"}; watch from task')


def test_a_watch_takes_no_budget(database: EmbeddedDatabase) -> None:
    with database, pytest.raises(InvalidValue, match="budget"):
        database.open_watch(Request("watch from task", budget=Budget(rows=5)))


def test_it_may_only_read(database: EmbeddedDatabase) -> None:
    with database, database.open_watch(Request("watch from task", read_only=True)) as watch:
        assert next(watch).live


def test_too_many_rows_are_refused(database: EmbeddedDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paasq_daemon.watches.watch_evaluation.ROWS_HELD_MAX", 2)
    with database:
        database.put("task", [{"id": str(i)} for i in range(3)])
        with pytest.raises(LimitExceeded, match="2 rows, and this one has 3"):
            next(database.watch("watch from task"))
    assert ROWS_HELD_MAX == 100_000
