"""Statements while other threads change the schema: each is compiled for the catalog that it runs with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.errors import QueryError
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

SECONDS = 1.5
SCHEMA = """
collection note { key id: keyword  body: text  n: int  z: int default 4 };
put note [{id: "a", body: "red", n: 1}, {id: "b", body: "blue", n: 2}, {id: "c", body: "red stone", n: 3}];
"""
CHANGES = (  # z is 4, or 1.5, or not there; y is n by another name
    "alter collection note drop field z",
    "alter collection note rename field n to y",
    "alter collection note add field z: float default 1.5",
    "collection other { key id: keyword  body: text }",
    'put other {id: "x", body: "red"}',
    "alter collection note rename field y to n",
    "alter collection note drop field z",
    "drop collection other and its records",
    "alter collection note add field z: int default 4",
    "alter collection note retype field z to float",
    "alter collection note drop field z",
    "alter collection note add field z: int default 4",
)
UNKNOWN = {"PQ0201", "PQ0202", "PQ0301", "PQ0302"}  # the name of a field or a collection that is not there
READS: dict[str, Callable[[Answer], bool]] = {
    "from note | sort id | select z": lambda a: [r[0] for r in a.rows] in ([4] * 3, [4.0] * 3, [1.5] * 3),
    "from note | where z == 1 | select id": lambda a: a.rows == [],
    "from note | where n >= 2 | sort id | select id, n": lambda a: a.rows == [["b", 2], ["c", 3]],
    'from note | match "red" | select id | sort id': lambda a: a.rows == [["a"], ["c"]],
    'from other | match "red" | select id': lambda a: a.rows in ([], [["x"]]),
    "describe note": lambda a: len(a.rows) in {4, 5},
    "from note | summarize most = max(z)": lambda a: a.rows in ([[4]], [[4.0]], [[1.5]]),
}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    instance = Instance.open(tmp_path, embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request(SCHEMA))
    yield instance
    instance.close()


def test_nothing_is_answered_by_another_schema(instance: Instance) -> None:
    until_s = time.monotonic() + SECONDS
    wrong: list[str] = []
    counts = dict.fromkeys(READS, 0)

    def change() -> None:
        while time.monotonic() < until_s:
            for text in CHANGES:
                instance.engine.query(Request(text))

    def read() -> None:
        while time.monotonic() < until_s:
            for text, holds in READS.items():
                try:
                    answer = instance.engine.query(Request(text))
                except QueryError as error:
                    if codes := {d["code"] for d in error.diagnostics} - UNKNOWN:
                        wrong.append(f"{text}: {codes} {error}")
                else:
                    counts[text] += 1
                    if not holds(answer):
                        wrong.append(f"{text}: {answer.rows}")

    def write() -> None:
        while time.monotonic() < until_s:
            instance.engine.query(Request('patch note:b set body = "blue"'))
            instance.engine.query(Request('patch note where id == "b" set body = "blue"'))

    def follow() -> None:
        watch = instance.watch(Request("watch from note | select id, body"))
        batches = 0
        while time.monotonic() < until_s:
            batches += watch.next_events() is not None
        assert batches
        watch.close()

    with ThreadPoolExecutor(5) as pool:
        for done in [pool.submit(each) for each in (change, read, read, write, follow)]:
            done.result()
    assert not wrong, wrong[:5]
    assert counts['from note | match "red" | select id | sort id'], counts  # nothing renames what it names
