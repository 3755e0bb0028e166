"""Statements that choose what they write by reading, while others write: each is as if it had run alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.store.group_commit import Work
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import ConflictError, QueryError
from paasq_daemon.wire.request import Request
from paasq_daemon.writes.serializable_write import OPTIMISTIC_ATTEMPTS
from properties.worlds import SmallEmbedder

SCHEMA = """
collection item { key id: keyword  n: int  of: link<group> };
collection group { key id: keyword  open: bool };
collection copy { key id: keyword  n: int };
put group [{id: "g", open: true}, {id: "h", open: false}];
put item [{id: "a", n: 1, of: group:g}, {id: "b", n: 2, of: group:h}];
"""
COMES = 'put item {id: "new", n: 1, of: group:g}'  # what fits while a statement is between reading and writing
STATEMENTS = ("patch item where {} set n = -1", "delete from item where {}", "forget from item where {}")
LEFT = "from item | where n == 1 | sort id | select id"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    instance = Instance.open(tmp_path / "data", embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request(SCHEMA))
    yield instance
    assert instance.store.check() == []
    instance.close()


@pytest.fixture
def rows(instance: Instance) -> Callable[[str], list[list[Any]]]:
    return lambda text: instance.engine.query(Request(text)).rows


@pytest.fixture
def between(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, int], list[str]]:
    """Runs a text, so often, after a statement has chosen its rows and before it writes; the list holds its runs."""
    write = Store.write

    def arrange(text: str, times: int) -> list[str]:
        runs: list[str] = []
        inside = threading.local()

        def write_late(store: Store, work: Work[Any]) -> Future[Any]:
            if len(runs) < times and not getattr(inside, "running", False):
                runs.append(text.replace("$run", str(len(runs))))
                inside.running = True
                instance.engine.query(Request(runs[-1]))
                inside.running = False
            return write(store, work)

        monkeypatch.setattr(Store, "write", write_late)
        return runs

    return arrange


@pytest.mark.parametrize("statement", [each.format("n == 1") for each in STATEMENTS])
def test_a_record_that_comes_to_fit_meanwhile_is_chosen_too(
    instance: Instance, rows: Any, between: Any, statement: str
) -> None:
    runs = between(COMES, 1)
    instance.engine.query(Request(statement))
    assert runs == [COMES]
    assert rows(LEFT) == []


def test_a_record_that_is_changed_meanwhile_is_no_conflict(rows: Any, between: Any) -> None:
    between("patch item:a set n = 7", 1)
    assert rows("patch item where n == 1 or n == 7 set n = n * 10") == [["patch", "item", 1, ["a"]]]
    assert rows("from item | sort id | select n") == [[70], [2]]


def test_a_put_from_a_pipeline_has_what_comes_meanwhile(rows: Any, between: Any) -> None:
    between(COMES, 1)
    rows("put copy from (from item | where n == 1 | select id, n)")
    assert rows("from copy | sort id | select id") == [["a"], ["new"]]


def test_a_put_from_a_pipeline_loses_nothing_that_it_replaces(rows: Any, between: Any) -> None:
    rows('put copy {id: "a", n: 0}')
    between("patch copy:a set n = n + 1", 1)
    rows("put copy from (from copy | extend n = n + 10)")
    assert rows("from copy | select n") == [[11]]


def test_what_a_link_leads_to_is_read_too(rows: Any, between: Any) -> None:
    between("patch group:h set open = true", 1)
    assert rows("patch item where of->open set n = 0")[0][3] == ["a", "b"]


def test_another_collection_does_not_disturb_it(instance: Instance, rows: Any, between: Any, monkeypatch: Any) -> None:
    chosen = _count_views(instance, monkeypatch)
    between('put copy {id: "x"}', 1)
    rows("patch item where n == 1 set n = 10")
    assert chosen == [1]


def test_without_others_it_reads_once_and_holds_nobody_up(instance: Instance, rows: Any, monkeypatch: Any) -> None:
    chosen = _count_views(instance, monkeypatch)
    monkeypatch.delattr(Store, "write_undecided")
    rows("patch item where n == 1 set n = 10")
    assert chosen == [1]


def test_all_writes_of_a_transaction_read_one_state(rows: Any, between: Any) -> None:
    between(COMES, 1)
    rows("tx { patch item where n == 1 set n = 10; put copy from (from group | select id, n = 1) }")
    assert rows(LEFT) == []
    assert rows("from copy | select id") == [["g"], ["h"]]


def test_a_dry_run_shows_what_comes_meanwhile(rows: Any, between: Any) -> None:
    between(COMES, 1)
    assert len(rows("dryrun patch item where n == 1 set n = 10")) == 2
    assert rows(LEFT) == [["a"], ["new"]]


@pytest.mark.parametrize("statement", [each.format("n >= 1") for each in STATEMENTS])
def test_it_ends_however_often_others_write(rows: Any, between: Any, statement: str) -> None:
    runs = between('put item {id: "new$run", n: 1}', 20)
    rows(statement)
    assert OPTIMISTIC_ATTEMPTS <= len(runs) < 20, "at last nobody may write between reading and writing"
    later = [[f"new{number}"] for number in range(OPTIMISTIC_ATTEMPTS, len(runs))]  # while a forget rewrites the files
    assert rows("from item | where n >= 1 | select id") == later


def test_what_fails_in_the_turn_of_the_writer_fails_alone(rows: Any, between: Any) -> None:
    rows("delete item:b")
    runs = between('put item {id: "new$run", n: $run}', OPTIMISTIC_ATTEMPTS)
    with pytest.raises(QueryError, match="outside the 64 bits"):  # of the last one's 2
        rows(f"patch item where n * {1 << 62} > 0 set n = 0")
    assert len(runs) == OPTIMISTIC_ATTEMPTS == 3
    assert rows("patch item where n > 0 set n = 0")[0][3] == ["a", "new1", "new2"]


def test_a_page_of_a_past_state_is_refused_where_that_was_overwritten(rows: Any, instance: Instance) -> None:
    first = instance.engine.query(Request("from item | sort id | page 1"))
    rows("patch item:b set n = 5")
    with pytest.raises(ConflictError, match="item:b was changed"):
        instance.engine.query(Request("put item from (from item | sort id | page 1 after $c)", {"c": first.cursor}))


def test_each_of_many_statements_at_once_has_an_order(rows: Any) -> None:
    """Of the numbers from 0 each writer moves all that it finds one up: those of one number move together, so that all are
    alike whenever they are read in one state."""
    rows('put item [{id: "a", n: 0}, {id: "b", n: 0}]')

    def write(number: int) -> int:
        done = 0
        for each in range(12):
            patched = rows("patch item where n >= 0 set n = n + 1")[0][2]
            rows(f'put item from (from item | take 1 | select id = "{number}-{each}", n)')
            done += patched > 0
        return done

    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(write, range(4)))
    assert rows("from item | summarize least = min(n), most = max(n), many = count()") == [[done, done, 2 + 48]]


def _count_views(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    run, counted = type(instance.engine.indexes).run, [0]

    def count(*args: Any, **kwargs: Any) -> Any:
        counted[0] += 1
        return run(*args, **kwargs)

    monkeypatch.setattr(type(instance.engine.indexes), "run", count)
    return counted
