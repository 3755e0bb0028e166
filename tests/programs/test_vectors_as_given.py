"""A vector that a client gave comes back as it was given, by every way that reads and writes a record."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

import paasq
from paasq_daemon.wire.database import Database

SCHEMA = "collection v { key id: keyword  v: vector(2)  s: text  auto: vector(auto) from s  n: int };"
GIVEN = [[3, 4], [30, 40], [0.1, -0.0], [1e-45, 3.4028234663852886e38], [0, 0]]


def bits(vector: object) -> bytes:
    assert isinstance(vector, list)
    return struct.pack("<2f", *vector)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with paasq.open(tmp_path / "data") as opened:
        opened.query(SCHEMA)
        opened.put("v", [{"id": str(n), "v": vector, "s": f"text {n}"} for n, vector in enumerate(GIVEN)])
        yield opened


def check(db: Database, collection: str = "v") -> None:
    for text in (f"from {collection} | sort id", f"from {collection} | sort id | select id, v"):
        assert [bits(row.v) for row in db.query(text)] == [bits(vector) for vector in GIVEN]
    for number, vector in enumerate(GIVEN):
        assert bits((db.get(collection, str(number)) or {})["v"]) == bits(vector)


def test_read_and_put_back(db: Database) -> None:
    check(db)
    for number in range(len(GIVEN)):
        record = dict(db.get("v", str(number)) or {})
        db.put("v", [record | {"n": 1}])
    check(db)
    db.put("v", [row.to_dict() for row in db.query("from v")])
    check(db)
    db.query("patch v where true set n = 2")
    check(db)
    assert {row._version for row in db.query("from v | select _version")} == {3}


def test_put_from_a_pipeline(db: Database) -> None:
    db.query("put v from (from v | extend n = 5)")
    check(db)
    db.query(SCHEMA.replace("collection v", "collection w"))
    db.query("put w from (from v)")
    check(db, "w")


def test_exported_and_imported(db: Database) -> None:
    exported = [json.loads(json.dumps(row.to_dict())) for row in db.query("from v")]
    db.query("drop collection v and its records")
    db.query(SCHEMA)
    db.put("v", exported)
    check(db)


def test_length_and_distance_are_those_of_what_was_given(db: Database) -> None:
    text = "from v | sort id | take 2 | select norm(v), distance(v, [3.0, 4.0]), dot(v, v)"
    assert db.query(text).rows == [[5, 0, 25], [50, 45, 2500]]
    assert [row.id for row in db.query("from v | near v to [3, 4] | take 2 | select id")] == ["0", "1"]  # by direction


def test_the_past_and_citations_have_them_too(db: Database) -> None:
    seq = db.query("from v").seq
    db.query("patch v:0 set v = [1, 1]")
    assert db.query(f'from v as of seq {seq} | where id == "0" | select v').rows == [[[3.0, 4.0]]]
    assert json.loads(db.query('resolve "v:0@1"')[0].record)["v"] == [3, 4]
