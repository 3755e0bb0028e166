"""Answers as Arrow tables, pandas and polars frames: a type a column, whatever the values, and nulls as nulls."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import paasq
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.request import Request

SCHEMA = """
collection thing {
  key id: keyword
  title: text(en)
  n: int
  x: float
  done: bool
  at: time
  span: duration
  raw: bytes
  tags: [keyword]
  place: vector(2)
  address: {city: keyword  geo: {lat: float  since: time  wait: duration}}
  next: link<thing>
}
"""
FULL = {
    "id": "a", "title": "one", "n": 2**62, "x": 1.5, "done": True, "at": "2026-11-22T09:30:00Z", "span": "1mo2h",
    "raw": b"\x00\xff", "tags": ["p", "q"], "place": [0.5, 1.0], "next": "a",
    "address": {"city": "Oslo", "geo": {"lat": 59.9, "since": "2020-01-01", "wait": "5min"}},
}  # fmt: skip
DURATION = pa.struct([("months", pa.int64()), ("time", pa.duration("us"))])
TIME = pa.timestamp("us", tz="UTC")
TYPES = {
    "id": pa.string(), "title": pa.string(), "n": pa.int64(), "x": pa.float64(), "done": pa.bool_(), "at": TIME,
    "span": DURATION, "raw": pa.binary(), "tags": pa.list_(pa.string()),
    "place": pa.list_(pa.float32(), 2),
    "address": pa.struct(
        [("city", pa.string()), ("geo", pa.struct([("lat", pa.float64()), ("since", TIME), ("wait", DURATION)]))]
    ),
    "next": pa.string(),
}  # fmt: skip


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A record with every type of value, and one with none."""
    with paasq.open(tmp_path / "data") as opened:
        opened.query(SCHEMA)
        opened.put("thing", [FULL, {"id": "b"}])
        yield opened


def test_every_type_has_one_of_arrow(db: Database) -> None:
    table = db.query("from thing | sort id").to_arrow()
    assert {field.name: field.type for field in table.schema} == TYPES
    full, empty = table.to_pylist()
    assert full["n"] == 2**62
    assert full["at"] == datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
    assert full["span"] == {"months": 1, "time": timedelta(hours=2)}
    assert (full["raw"], full["tags"], full["place"], full["next"]) == (b"\x00\xff", ["p", "q"], [0.5, 1.0], "a")
    assert full["address"]["geo"]["wait"] == {"months": 0, "time": timedelta(minutes=5)}
    assert {name for name, value in empty.items() if value is not None} == {"id"}


def test_no_rows_have_the_same_types(db: Database) -> None:
    none = db.query("from thing | where n == 7").to_arrow()
    assert {field.name: field.type for field in none.schema} == TYPES
    assert db.query("from thing | select nothing = null").to_arrow().schema.types == [pa.null()]


def test_items_of_lists_have_types_too(db: Database) -> None:
    table = db.query("from thing | summarize spans = collect(span), ats = collect(at)").to_arrow()
    assert table.schema.types == [pa.list_(DURATION), pa.list_(TIME)]
    assert table.to_pylist()[0]["spans"][0] == {"months": 1, "time": timedelta(hours=2)}


def test_parts_can_be_put_together(db: Database) -> None:
    parts = [part.to_arrow() for part in db.parts(Request("from thing | sort id desc"), rows=1)]
    assert [part.num_rows for part in parts] == [1, 1]
    assert pa.concat_tables(parts).column("id").to_pylist() == ["b", "a"]


def test_over_the_wire_the_table_is_the_same(db: Database) -> None:
    answer = db.query("from thing | sort id | drop x")
    assert Answer.from_json(answer.to_json()).to_arrow().equals(answer.to_arrow())


def test_pandas_keeps_types_and_nulls(db: Database) -> None:
    frame = db.query("from thing | sort id").to_pandas()
    assert list(frame.columns) == list(TYPES)
    assert frame["n"].dtype == pd.ArrowDtype(pa.int64()), "an int with nulls stays an int"
    assert frame["n"][0] == 2**62
    assert list(frame["n"].isna()) == [False, True]
    assert frame["at"][0] == pd.Timestamp("2026-11-22T09:30:00Z")


def test_polars_keeps_types_and_nulls(db: Database) -> None:
    frame = db.query("from thing | sort id").to_polars()
    assert frame.schema["n"] == pl.Int64
    assert frame.schema["at"] == pl.Datetime("us", "UTC")
    assert frame.schema["place"] == pl.Array(pl.Float32, 2)
    assert frame["n"].to_list() == [2**62, None]
    assert frame["address"].struct.field("city").to_list() == ["Oslo", None]


@pytest.mark.parametrize("name", ["pyarrow", "pandas", "polars"])
def test_what_is_missing_is_named_with_its_command(db: Database, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    answer, extra = db.query("from thing"), name.removeprefix("py")
    with pytest.raises(ImportError, match=rf"{name} is not installed: pip install 'paasq\[{extra}\]'"):
        {"pyarrow": answer.to_arrow, "pandas": answer.to_pandas, "polars": answer.to_polars}[name]()
