"""A bit that the disk changed costs the record that it is in: it is left out, named, and can be overwritten and deleted."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import lmdb
import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.store.layout import COLLECTION_KEY, RECORD_KEY, VECTOR_KEY
from paasq_daemon.store.store import Store
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.errors import CorruptRecord, StoreError
from paasq_daemon.wire.request import Request
from paasq_dsl.values import Duration
from properties.worlds import SmallEmbedder

SCHEMA = """
collection note { key id: keyword  title: text(en)  n: int  mail: keyword unique  v: vector(2)
                  auto: vector(auto) from title };
collection other { key id: keyword };
put other {id: "x"};
put note [{id: "a", title: "alpha", n: 1, mail: "a", v: [1, 2]}, {id: "b", title: "beta", n: 2, mail: "b", v: [1, 2]},
          {id: "c", title: "gamma", n: 3, mail: "c", v: [1, 2]}];
"""
BITS = {  # of record b: the table and key of the entry that is hit
    "body": ("bodies", RECORD_KEY.pack(1, 1)),
    "key": ("live", COLLECTION_KEY.pack(1) + b"b"),
    "vector": ("vectors2", VECTOR_KEY.pack(1, 5, 1)),
}


def flip(folder: Path, table: str, key: bytes) -> None:
    """One bit of one entry, below the store."""
    with lmdb.open(str(folder / "store"), max_dbs=16) as environment:
        database = environment.open_db(table.encode(), create=False)
        with environment.begin(write=True) as txn:
            value = bytearray(txn.get(key, db=database) or b"")
            value[-1] ^= 1
            txn.put(key, bytes(value), db=database)


def ask(instance: Instance, text: str) -> Answer:
    return instance.engine.query(Request(text))


@pytest.fixture(params=BITS)
def damaged(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Instance]:
    folder = tmp_path / "data"
    with_instance(folder, lambda instance: ask(instance, SCHEMA))
    shutil.rmtree(folder / "index")
    flip(folder, *BITS[request.param])
    instance = Instance.open(folder, embedder=SmallEmbedder(), sync=False)
    yield instance
    instance.close()


def with_instance(folder: Path, work: Callable[[Instance], object]) -> None:
    instance = Instance.open(folder, embedder=SmallEmbedder(), sync=False)
    work(instance)
    instance.close()


def test_the_others_answer_and_it_is_named(damaged: Instance) -> None:
    for text in ("from note", 'from note | match "alpha gamma"', 'from note | near auto to "alpha"'):
        found = ask(damaged, text)
        assert sorted(row[0] for row in found.rows) == ["a", "c"]
        assert (found.complete, found.reason) == (False, "damaged")
    assert ask(damaged, "from other").complete
    assert damaged.status.report()["collections"]["note"]["damaged"] == ["b"]
    places = [finding.place for finding in damaged.store.check()]
    assert any("note" in place for place in places), places


def test_it_is_overwritten(damaged: Instance) -> None:
    ask(damaged, 'put note {id: "b", title: "new", n: 5, mail: "b", v: [3, 4]}')
    found = ask(damaged, "from note | sort id | select id, title, n, _version")
    assert found.rows == [["a", "alpha", 1, 1], ["b", "new", 5, 2], ["c", "gamma", 3, 1]]
    assert found.complete
    assert "damaged" not in damaged.status.report()["collections"]["note"]


def test_it_is_deleted(damaged: Instance) -> None:
    ask(damaged, "delete note:b")
    found = ask(damaged, "from note | select id")
    assert (sorted(found.rows), found.complete) == ([["a"], ["c"]], True)


def test_the_schema_can_change_and_the_collection_go(damaged: Instance) -> None:
    ask(damaged, "alter collection note add field twice: int = n * 2")
    found = ask(damaged, "from note | select id, twice").rows
    assert [row for row in found if row[0] != "b"] == [["a", 2], ["c", 6]]
    ask(damaged, "drop collection note and its records")
    assert ask(damaged, "from other").rows == [["x"]]


def test_one_found_by_a_query_is_set_aside(tmp_path: Path) -> None:
    """The indexes were made before the bit changed; the text of a record is read when it is shown."""
    folder = tmp_path / "data"
    with_instance(folder, lambda instance: ask(instance, f"{SCHEMA} from note"))
    flip(folder, *BITS["body"])

    def check(instance: Instance) -> None:
        assert ask(instance, "from note | select id").complete  # nothing of it was read
        found = ask(instance, "from note | select id, title")
        assert (found.rows, found.reason) == ([["a", "alpha"], ["c", "gamma"]], "damaged")
        with pytest.raises(CorruptRecord, match="the record 'b' is damaged"):
            instance.records.get("note", "b")
        with pytest.raises(CorruptRecord):
            ask(instance, "patch note:b set n = 1")

    with_instance(folder, check)
    reasons: list[str | None] = []
    with_instance(folder, lambda instance: reasons.append(ask(instance, "from note | select id, title").reason))
    flip(folder, *BITS["body"])  # which mends it
    with_instance(folder, lambda instance: reasons.append(ask(instance, "from note | select id, title").reason))
    assert reasons == ["damaged", None]


def test_the_past_and_pages_go_on_without_it(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with_instance(folder, lambda instance: ask(instance, f"{SCHEMA} from note"))
    flip(folder, *BITS["body"])

    def check(instance: Instance) -> None:
        text, seq = "from note | sort id | select id", instance.store.seq
        cursor = ask(instance, f"{text}, title | page 1").cursor
        ask(instance, "patch note:c set n = 9")
        assert ask(instance, f"from note as of seq {seq} | select id, title").rows == [["a", "alpha"], ["c", "gamma"]]
        rest = instance.engine.query(Request(f"{text}, title | page 9 after $c", {"c": cursor}))
        assert (rest.rows, rest.reason) == ([["c", "gamma"]], "damaged")

    with_instance(folder, check)


def test_an_index_that_fails_stops_its_own_collection(tmp_path: Path) -> None:
    """A value that no column holds is refused by every door; one that an older version let in is as here."""
    folder = tmp_path / "data"
    with_instance(folder, lambda instance: ask(instance, f"collection d {{ key id: keyword  len: duration }};{SCHEMA}"))
    with Store.open(folder) as store:
        store.write(lambda t: t.put(1, "big", {1: "big", 2: Duration(4_000_000)}, {})).result()
        store.write(lambda t: t.put(1, "small", {1: "small", 2: Duration(1)}, {})).result()

    def check(instance: Instance) -> None:
        assert len(ask(instance, "from note").rows) == 3
        with pytest.raises(StoreError, match="d cannot be indexed"):
            ask(instance, "from d")
        assert "error" in instance.status.report()["collections"]["d"]
        ask(instance, "delete d:big")
        assert ask(instance, "from d | select id").rows == [["small"]]

    with_instance(folder, check)
