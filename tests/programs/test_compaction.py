"""A store that is written over and over shrinks to the size of a new one, while it is read and written.

250 records are put 200 times; PAASQ_COMPACTION_RECORDS=1000 for more.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from faults.killed import kills
from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.instance import Instance
from paasq_daemon.services import compaction
from paasq_daemon.store.content_digest import logical_digest
from paasq_daemon.wire.errors import Cancelled
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

SCHEMA = "collection note { key id: keyword  n: int  tag: keyword  tags: [keyword]  body: text(en)  sense: vector(16) }"
COUNT, TIMES = int(os.environ.get("PAASQ_COMPACTION_RECORDS", "250")), 200
ASKED = 'from note | where tag == "t3" | sort id | select id, n, tags'
NEAR = "from note | near to $v | take 5 | select id, _score"
SMALLEST_INDEX = 1 << 13  # of the other collection
PAGED = "from note | sort id | select id | page 10"
MATCH = 'from note | match "word" | summarize n = count()'

Changing: TypeAlias = "Callable[[Callable[[], object] | None], list[BaseException]]"


def opened(folder: Path) -> Instance:
    return Instance.open(folder, embedder=SmallEmbedder(), sync=False)


def indexes(instance: Instance) -> Indexes:
    return instance.indexes


def records(number: int, count: int = COUNT) -> list[dict[str, Any]]:
    return [
        {
            "id": f"k{n}", "n": number * n, "tag": f"t{n % 7}", "tags": [f"x{number % 5}", f"y{n % 3}"],
            "body": f"word {number} {n}", "sense": [float((n * 31 + number + d) % 17 + 1) for d in range(16)],
        }
        for n in range(count)
    ]  # fmt: skip


def ask(instance: Instance, text: str, **params: Any) -> list[list[Any]]:
    return instance.engine.query(Request(text, params)).rows


def answers(instance: Instance) -> list[list[list[Any]]]:
    return [ask(instance, ASKED), ask(instance, NEAR, v=[1.0] * 16), ask(instance, MATCH)]


def sizes(instance: Instance) -> dict[str, int]:
    return {part: instance.status.report()["disk"][part]["bytes"] for part in ("data", "index")}


def put_over_and_over(instance: Instance, count: int = COUNT, times: int = TIMES) -> None:
    for number in range(1, times + 1):
        instance.records.put("note", records(number, count))
        if number % 10 == 0:
            ask(instance, ASKED)
            ask(instance, MATCH)
    instance.store.trim(instance.store.seq + 1)
    ask(instance, ASKED)
    indexes(instance).checkpoint()


@pytest.fixture
def changing() -> Iterator[Changing]:
    """Begins to call something again and again in a thread, and returns what those raise; without one, all end."""
    stop, failed, threads = threading.Event(), list[BaseException](), list[threading.Thread]()

    def begin(work: Callable[[], object] | None) -> list[BaseException]:
        if work is None:
            stop.set()
            for thread in threads:
                thread.join()
            return failed

        def run() -> None:
            try:
                while not stop.wait(0.002):
                    work()
            except BaseException as error:  # noqa: BLE001  # the test reports it
                failed.append(error)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return failed

    yield begin
    begin(None)


def test_records_put_two_hundred_times_shrink_to_the_size_of_a_new_store(tmp_path: Path, changing: Changing) -> None:
    with closing(opened(tmp_path / "fresh")) as fresh:
        ask(fresh, SCHEMA)
        fresh.records.put("note", records(TIMES))
        expected = answers(fresh)
        indexes(fresh).checkpoint()
        wanted = sizes(fresh)
    instance = opened(tmp_path / "grown")
    ask(instance, SCHEMA + "; collection other { key id: keyword  n: int }")
    put_over_and_over(instance)
    grown = sizes(instance)
    assert grown["index"] > 10 * wanted["index"]
    acknowledged: list[int] = []

    def write() -> None:
        number = len(acknowledged)
        instance.records.put("other", [{"id": f"o{number % 20}", "n": number}])
        acknowledged.append(number)

    changing(write)
    changing(lambda: ask(instance, ASKED) == expected[0] or pytest.fail("another answer"))
    changing(lambda: ask(instance, NEAR, v=[1.0] * 16) == expected[1] or pytest.fail("another answer"))
    watch = instance.watch(Request("watch from other | select id, n"))
    before = watch.next_events()
    pages = instance.engine.query(Request(PAGED))
    done = instance.compaction.run()
    after = watch.next_events()
    assert before is not None
    assert after is not None
    assert after.seq > before.seq
    assert {change.event for change in after.changes} <= {"enter", "change"}
    rest = instance.engine.query(Request(f"{PAGED} after $after", {"after": pages.cursor}))
    assert [row[0] for row in (*pages.rows, *rest.rows)] == sorted(f"k{n}" for n in range(COUNT))[:20]
    watch.close()
    assert changing(None) == []
    assert done["data"]["before_bytes"] == grown["data"]
    assert answers(instance) == expected
    instance.store.trim(instance.store.seq + 1)  # what the writer has left
    instance.compaction.run()
    small = sizes(instance)
    assert small["data"] <= 1.5 * wanted["data"]
    assert small["index"] <= 1.5 * wanted["index"] + SMALLEST_INDEX
    assert answers(instance) == expected
    assert instance.store.check() == []
    instance.close()


@pytest.mark.parametrize("times", [3, 24])
def test_a_small_store_ends_within_the_bound_by_itself(tmp_path: Path, times: int) -> None:
    with closing(opened(tmp_path / "fresh")) as fresh:
        ask(fresh, SCHEMA)
        fresh.records.put("note", records(times, 1000))
        expected = answers(fresh)
        indexes(fresh).checkpoint()
        wanted = sizes(fresh)
    with closing(opened(tmp_path / "grown")) as grown:
        ask(grown, SCHEMA)
        for number in range(1, times + 1):
            grown.records.put("note", records(number, 1000))
            answers(grown)
        grown.store.trim(grown.store.seq + 1)
        grown.compaction.run_due(0.0)
        if (renewing := indexes(grown).text_renewal._thread) is not None:
            renewing.join()
        assert answers(grown) == expected
        indexes(grown).checkpoint()
        now = sizes(grown)
        assert now["data"] <= 1.5 * wanted["data"] + compaction.RECLAIMABLE_BYTES_MIN
        assert sum(now.values()) <= 1.5 * sum(wanted.values()), (now, wanted)


def test_in_the_background_it_is_done_when_a_third_would_go_and_not_before(tmp_path: Path) -> None:
    instance = opened(tmp_path / "data")
    ask(instance, SCHEMA)
    instance.records.put("note", records(1))
    before = sizes(instance)
    instance.compaction.run_due(0.0)
    assert sizes(instance) == before
    put_over_and_over(instance, times=20)
    grown = sizes(instance)
    reported = instance.status.report()["disk"]
    assert reported["reclaimable"] > reported["bytes"] / 3
    instance.compaction.run_due(0.0)
    shrunk = sizes(instance)
    assert 3 * shrunk["data"] < grown["data"]
    assert 3 * shrunk["index"] < grown["index"]
    inode = (tmp_path / "data" / "store" / "data.mdb").stat().st_ino
    instance.compaction.run_due(0.0)
    assert (tmp_path / "data" / "store" / "data.mdb").stat().st_ino == inode
    assert instance.status.report()["disk"]["reclaimable"] < reported["reclaimable"] / 4
    instance.close()


def test_the_daemons_end_ends_it(tmp_path: Path) -> None:
    instance = opened(tmp_path / "data")
    ask(instance, SCHEMA)
    put_over_and_over(instance, times=5)
    size = sizes(instance)["data"]
    instance.compaction.stop()
    instance.compaction.run_due(0.0)
    assert sizes(instance)["data"] == size
    with pytest.raises(Cancelled):
        instance.compaction.run(instance.compaction._rest)
    assert instance.compaction.run()["data"]["after_bytes"] < size
    instance.close()


def test_killed_at_any_step_it_leaves_the_same_store(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    instance = opened(folder)
    ask(instance, SCHEMA)
    put_over_and_over(instance, count=100, times=20)
    expected = ask(instance, ASKED)
    with instance.store.read() as view:
        digest = logical_digest(view)
    instance.close()

    def compact() -> None:
        again = opened(folder)
        again.compaction.run()
        again.close()

    steps = 0
    for step in kills(compact):
        steps = max(steps, step)
        with closing(opened(folder)) as again:
            assert ask(again, ASKED) == expected, step
            with again.store.read() as view:
                assert logical_digest(view) == digest, step
    assert steps > 80


def test_status_names_every_byte(tmp_path: Path) -> None:
    instance = opened(tmp_path / "data")
    ask(instance, SCHEMA)
    for number in (1, 2):
        instance.records.put("note", records(number))
        ask(instance, ASKED)
    instance.snapshots.create("one")
    indexes(instance).checkpoint()
    disk = instance.status.report()["disk"]
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert disk["bytes"] == sum(path.stat().st_size for path in files)
    data = disk["data"]
    assert data["bytes"] == (tmp_path / "data" / "store" / "data.mdb").stat().st_size
    with instance.store.read() as view:
        assert abs(data["history"] - view.collection_counters(1).history_bytes) <= 1
    assert data["vectors"] > COUNT * 16 * 4
    parts = sum(count for name, count in data.items() if name not in ("bytes", "reclaimable", "gaps"))
    assert 0 <= data["bytes"] - parts <= 4 * 4096  # the two headers
    assert disk["index"]["vectors"] >= 2 * COUNT * (16 * 4 + 8)
    assert np.isclose(disk["index"]["reclaimable"], (disk["index"]["columns"] + disk["index"]["vectors"]) / 2, rtol=0.1)
    assert disk["snapshots"]["bytes"] > 0
    instance.close()


def test_what_is_dead_in_the_text_can_be_reclaimed_too(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "data")) as instance:
        ask(instance, SCHEMA)
        for number, count in ((1, 250), (2, 50)):
            instance.records.put("note", records(number, count))
            ask(instance, MATCH)
        indexes(instance).checkpoint()
        index = instance.status.report()["disk"]["index"]
        assert np.isclose(
            index["reclaimable"], (index["columns"] + index["vectors"] + index["text"]) * 50 / 300, rtol=0.1
        )
