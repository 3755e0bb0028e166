"""After statements of every kind each moment between them is restored as it was, over the protocol too."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.snapshot.moment import parse_moment
from paasq_daemon.wire.client import Client
from paasq_daemon.wire.errors import SnapshotError
from paasq_daemon.wire.request import Request
from paasq_dsl.schema.script import schema_script
from server.sample_daemon import opened, serving

STATEMENTS = """
collection note { key id: keyword  title: text  n: int unique  v: vector(auto) from title }
put note [{id: "a", title: "one", n: 1}, {id: "b", title: "two", n: 2}]
patch note:a set n = 3
collection task { key id: keyword  of: link<note>  due: time }
put task {id: "t", of: note:a, due: @2026-11-22}
alter collection note add field size: int default 7
alter collection note rename field title to name
alter collection note retype field n to text
put note {id: "c", name: "three", n: "x"}
delete note:b
alter collection note add field w: vector(auto) from name
put note {id: "b", name: "two again", n: "y"}
patch note where n == "x" set size = 8
drop collection task and its records
alter collection note drop field size
put note {id: "d", name: "four", n: "z"}
""".strip().splitlines()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # nothing here is a test of power cuts


def shown(instance: Instance) -> dict[str, Any]:
    """The schema, all that the records of each collection show, and how many vectors are to be made."""
    with instance.store.read() as view:
        catalog = view.catalog
        counters = view.all_collection_counters()
        pending = [sum(counters[c.id].pending.values()) for c in catalog.collections.values() if c.id in counters]
    texts = [f"from {name}" for name in catalog.collections]
    return {"schema": schema_script(catalog), "pending": pending} | {
        text: [sorted(instance.engine.query(Request(text)).to_dicts(), key=str)] for text in texts
    }


def test_statements_of_every_kind(tmp_path: Path) -> None:
    instance = opened(tmp_path / "data")
    instance.snapshots.create("empty")
    held = {}
    for number, statement in enumerate(STATEMENTS):
        instance.engine.query(Request(statement))
        held[instance.store.seq] = shown(instance)
        instance.embedding.run(seconds_max=None)
        held[instance.store.seq] = shown(instance)
        if number % 3 == 0:
            instance.snapshots.archive()
        if number == 8:
            instance.snapshots.create("middle")
    instance.snapshots.create("last")
    instance.close()
    assert len(held) > len(STATEMENTS)
    for seq, expected in held.items():
        for name in (None, "last"):
            restored = opened(tmp_path / "data")
            origin = restored.snapshots.restore(name, tmp_path / "new", parse_moment(str(seq)))["origin"]
            assert (origin["seq"], origin["rewound"]) == (seq, name == "last" and seq < max(held))
            restored.close()
            again = opened(tmp_path / "new")
            assert again.store.check() == []
            assert shown(again) == expected, (seq, name)
            assert again.status.report()["origin"] == origin
            again.engine.query(Request('put note {id: "more"}'))
            again.close()
            shutil.rmtree(tmp_path / "new")


def test_a_client_archives_and_restores(tmp_path: Path) -> None:
    instance = opened(tmp_path / "data")
    instance.engine.query(Request("collection note { key id: keyword }"))
    instance.close()
    with serving(tmp_path / "data", tmp_path / "socket"), Client.connect(tmp_path / "socket") as client:
        with pytest.raises(SnapshotError, match="does not reach this store"):
            client.snapshot_archive()
        client.snapshot_create("first")
        for key in "abc":
            client.put("note", {"id": key})
        assert client.snapshot_archive()["last"] == 4
        restored = client.snapshot_restore(None, tmp_path / "new", at=3)
        assert (restored["name"], restored["origin"]["archive"]) == ("first", [2, 3])
        moment = restored["origin"]["time"]
        again = client.snapshot_restore("first", tmp_path / "again", at=moment, zone="Europe/Oslo")
        assert again["origin"]["seq"] == 3
        with pytest.raises(SnapshotError, match="is neither a sequence number nor a time"):
            client.snapshot_restore(None, tmp_path / "third", at="noon")
        with pytest.raises(SnapshotError, match="is not a time zone"):
            client.snapshot_restore(None, tmp_path / "third", at="2026-01-01", zone="Oslo")
        with pytest.raises(SnapshotError, match="neither a snapshot nor a moment"):
            client.snapshot_restore(None, tmp_path / "third")
