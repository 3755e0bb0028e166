"""What an index remembers tells at a start what the store has lost without a checksum that fails."""

from __future__ import annotations

import shutil
from pathlib import Path

import lmdb

from paasq_daemon.instance import Instance
from paasq_daemon.store.layout import COLLECTION_KEY
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

SCHEMA = """
collection note { key id: keyword  n: int };
put note [{id: "a", n: 1}, {id: "b", n: 2}, {id: "c", n: 3}];
from note
"""


def opened(folder: Path) -> Instance:
    return Instance.open(folder, embedder=SmallEmbedder(), sync=False)


def fill(folder: Path) -> None:
    instance = opened(folder)
    instance.engine.query(Request(SCHEMA))
    instance.close()


def test_a_key_that_vanished_is_named_and_answers_say_so(tmp_path: Path) -> None:
    fill(tmp_path / "data")
    with lmdb.open(str(tmp_path / "data" / "store"), max_dbs=16) as environment:
        keys = environment.open_db(b"live")
        with environment.begin(write=True) as txn:
            txn.delete(COLLECTION_KEY.pack(1) + b"b", db=keys)
    instance = opened(tmp_path / "data")
    found = instance.engine.query(Request("from note | sort id | select id"))
    assert (found.rows, found.complete, found.reason) == ([["a"], ["c"]], False, "damaged")
    assert instance.status.report()["collections"]["note"]["damaged"] == ["b"]
    instance.close()


def test_a_store_that_went_back_is_said_to_have_lost_something(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    fill(folder)
    shutil.copy(folder / "store" / "data.mdb", tmp_path / "before")
    instance = opened(folder)
    instance.engine.query(Request('put note {id: "d"}; from note'))
    assert instance.status.report()["lost"] is None
    instance.close()
    shutil.copy(tmp_path / "before", folder / "store" / "data.mdb")
    instance = opened(folder)
    assert instance.status.report()["lost"] == "the indexes had reached sequence number 3, and the store is at 2"
    assert len(instance.engine.query(Request("from note")).rows) == 3
    instance.close()
