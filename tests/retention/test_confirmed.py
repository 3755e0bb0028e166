"""`_confirmed`: when a record was last put, with other values or the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import ConflictError, StoreError
from paasq_daemon.wire.request import Request
from paasq_dsl.values import parse_time
from properties.worlds import SmallEmbedder

HOUR = 3_600_000_000
NOON = parse_time("2026-11-27T12:00Z")


@pytest.fixture
def times() -> list[int]:
    return [NOON]


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: list[int]) -> Iterator[Instance]:
    """Two notes of noon, one of which was put again an hour later, as it is."""
    monkeypatch.setattr("time.time_ns", lambda: times[-1] * 1000)
    instance = Instance.open(tmp_path / "store", embedder=SmallEmbedder(), sync=False)
    rows(instance, "collection note { key id: keyword  n: int  of: link<note> }")
    rows(instance, 'put note [{id: "a", n: 1}, {id: "b", n: 2, of: note:a}]')
    times.append(NOON + HOUR)
    rows(instance, 'put note {id: "a", n: 1}')
    yield instance
    assert instance.store.check() == []
    instance.close()


def rows(instance: Instance, text: str, **params: Any) -> list[list[Any]]:
    return instance.engine.query(Request(text, params)).rows


def test_a_put_that_changes_nothing_is_a_confirmation(instance: Instance) -> None:
    assert rows(instance, "from note | sort id | select id, _version, _time, _confirmed") == [
        ["a", 1, NOON, NOON + HOUR], ["b", 1, NOON, NOON]
    ]  # fmt: skip


def test_it_is_a_column_like_any_other(instance: Instance) -> None:
    assert rows(instance, "from note | where _confirmed < @2026-11-27T12:30Z | select id") == [["b"]]
    assert rows(instance, "from note | sort _confirmed desc | take 1 | select id") == [["a"]]
    assert rows(instance, "from note | summarize last = max(_confirmed)") == [[NOON + HOUR]]
    assert rows(instance, "from note | where of != null | select seen = of->_confirmed") == [[NOON + HOUR]]
    assert rows(
        instance, "from note | where of != null | lookup one note on note.id == of as o | select o._confirmed"
    ) == [[NOON + HOUR]]


def test_of_records_that_are_written(instance: Instance) -> None:
    with pytest.raises(ConflictError, match="is not as expected"):
        rows(instance, "patch note:a set n = 3 expect _confirmed == @2026-11-27T12:00Z")
    rows(instance, "patch note:a set n = 3 expect _confirmed == @2026-11-27T13:00Z")
    rows(instance, "tx { patch note:b set n = 4; delete from note where _confirmed < @2026-11-27T12:30Z }")
    assert rows(instance, "from note | sort id | select id") == [["a"], ["b"]]  # b was written in the transaction


def test_what_was_read_with_it_can_be_put_back(instance: Instance) -> None:
    instance.records.put("note", [{"id": "a", "n": 1, "_version": 1, "_confirmed": "2026-11-27T12:00:00Z"}])
    assert rows(instance, "from note:a | select _version") == [[1]]


def test_no_past_moment_has_it(instance: Instance) -> None:
    """What the binder does not see is refused when it runs."""
    rows(instance, 'put note {id: "c"}')
    with pytest.raises(StoreError, match="known of the present alone"):
        rows(instance, "put note from (from note as of seq 2 | where _confirmed > @2026-01-01)")


def test_what_does_not_name_it_does_not_read_it(instance: Instance) -> None:
    """Stages that hand all columns on read none of them."""
    seq = instance.store.seq
    rows(instance, 'put note {id: "c"}')
    for stages in (
        "union (from note), (from note)",
        "lookup one note on note.id == of as o",
        "lookup many note on note.id == of as o | extend m = o.n",
        "distinct",
        "distinct by n",
        "sample 2 seed 1",
        "rename m = n",
        "extend m = n + 1 | drop n",
        "follow of depth 1..2",
        "where of->n == 1",
        "sort n | skip 1",
    ):
        rows(instance, f"from note as of seq {seq} | {stages}")
