"""What is closed or dropped keeps no open file, no thread and no file of an index, without waiting for the garbage collector."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

SCHEMA = (
    'collection {0} {{ key id: keyword t: text n: int e: vector(auto) from t }}; put {0} {{id: "a", t: "sea", n: 1}}'
)
ROUNDS = 20
ENDING_S_MAX = 20.0  # within which threads that are about to end have ended, on a busy machine


@pytest.fixture(autouse=True)
def without_garbage_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def opened(folder: Path) -> Instance:
    return Instance.open(folder, embedder=SmallEmbedder(), sync=False)


def ask(instance: Instance, text: str) -> None:
    instance.engine.query(Request(text))


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def threads_end(most: int) -> bool:
    """Are there at most so many soon?"""
    deadline = time.monotonic() + ENDING_S_MAX
    while threads() > most and time.monotonic() < deadline:
        time.sleep(0.05)
    return threads() <= most


def test_a_store_that_is_closed_holds_nothing(tmp_path: Path) -> None:
    before: tuple[int, int] | None = None
    for number in range(ROUNDS):
        instance = opened(tmp_path)
        if not number:
            ask(instance, SCHEMA.format("note"))
        ask(instance, f'put note {{id: "x{number}", t: "sea"}}')
        ask(instance, 'from note | find "sea" | extend s = snippet(t)')
        instance.close()
        before = before or (open_files(), threads())
    assert before is not None
    assert open_files() == before[0]
    assert threads_end(before[1])


def test_a_snapshot_and_a_past_hold_nothing(tmp_path: Path) -> None:
    instance = opened(tmp_path)
    ask(instance, SCHEMA.format("note"))
    before: tuple[int, int] | None = None
    for number in range(ROUNDS):
        ask(instance, f'snapshot "s{number}"')
        ask(instance, f'from note as of snapshot "s{number}" | match "sea"')
        if number == 2:  # as many pasts as are kept
            before = open_files(), threads()
    assert before is not None
    assert open_files() <= before[0]
    assert threads_end(before[1])
    instance.close()


def test_a_collection_that_is_dropped_leaves_no_index(tmp_path: Path) -> None:
    instance = opened(tmp_path)
    ask(instance, SCHEMA.format("kept"))
    ask(instance, 'from kept | match "sea"')
    before = open_files(), threads()
    for number in range(ROUNDS):
        ask(instance, SCHEMA.format(f"c{number}"))
        ask(instance, f'from c{number} | match "sea"')
        instance.indexes.checkpoint()
        ask(instance, f"drop collection c{number} and its records")
    ask(instance, "from kept")
    assert open_files() <= before[0] + 1
    assert threads_end(before[1])
    assert len([f for f in (tmp_path / "index").iterdir() if f.is_dir()]) == 1
    ask(instance, SCHEMA.format("last"))
    ask(instance, "from last")
    ask(instance, "drop collection last and its records")
    instance.close()
    opened(tmp_path).close()
    assert len([f for f in (tmp_path / "index").iterdir() if f.is_dir()]) == 1


def test_a_view_reads_a_collection_that_is_dropped_meanwhile(tmp_path: Path) -> None:
    instance = opened(tmp_path)
    ask(instance, SCHEMA.format("note"))
    with instance.indexes.read() as view:
        ask(instance, "drop collection note and its records")
        ask(instance, SCHEMA.format("other"))
        ask(instance, "from other")
        note = view.collection("note")
        assert note.live.tolist() == [True]
        assert (tmp_path / "index" / str(note.collection.id)).parent.is_dir()
        assert len(note.column("n")) == 1
    ask(instance, "from other")
    instance.close()
