"""A store of two notes, as subjects use it: how it is filled, opened, asked and audited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from paasq_daemon.embed.embedder import Embedder
from paasq_daemon.instance import Instance
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

SCHEMA = "collection note { key id: keyword  title: text(en)  n: int };"
BASE = 'put note [{id: "a", title: "alpha", n: 1}, {id: "b", title: "beta", n: 2}];'
ASKED = "from note | sort id | select id, title, n | page 10000"
BASE_ROWS = [["a", "alpha", 1], ["b", "beta", 2]]

Rows = list[list[object]]
Acknowledge = Callable[[str], None]


@contextmanager
def opened(folder: Path, embedder: Embedder | None = None) -> Iterator[Instance]:
    instance = Instance.open(folder, embedder=embedder or SmallEmbedder())
    with closing(instance):
        yield instance


def ask(instance: Instance, text: str) -> Rows:
    found = instance.engine.query(Request(text))
    assert found.complete, found.reason
    return found.rows


def rows_of(folder: Path) -> Rows:
    """All notes, after the store's audit, and each by its key and by its words too."""
    with opened(folder) as instance:
        assert instance.store.check() == []
        rows = ask(instance, ASKED)
        for key, title, number in rows[:3] + rows[-3:]:
            record = instance.records.get("note", str(key))
            assert record is not None
            assert (record["title"], record["n"]) == (title, number)
            assert [key] in ask(instance, f'from note | match title "{title}" | select id | page 10000')
        return rows


def prepare_store(folder: Path) -> None:
    with opened(folder / "data") as instance:
        instance.engine.query(Request(SCHEMA + BASE + ASKED))
        instance.snapshots.create("first")


def works_again(work: Callable[[Path, Acknowledge], None], folder: Path) -> None:
    said: list[str] = []
    work(folder, said.append)
    assert said


def put(folder: Path, acknowledge: Acknowledge) -> None:
    with opened(folder / "data") as instance:
        for number in range(4):
            instance.engine.query(Request(f'put note {{id: "k{number}", title: "word{number}", n: {number}}}'))
            acknowledge(f"k{number}")
