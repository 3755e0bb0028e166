"""Each type at its extremes, through every door: what is acknowledged can be indexed, asked for and opened again."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import paasq
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import InvalidValue, PaasqError, QueryError
from paasq_dsl.values import Duration

SCHEMA = """
collection every {
  key id: keyword
  i: int  f: float  b: bool  at_: time  len: duration  raw: bytes  word: keyword  s: text  v: vector(2)
  words: [keyword]  ints: [int]  floats: [float]  times: [time]  half: duration = len / 2  later: time = at_ + 1d
};
collection plain { key id: keyword  i: int  f: float  at_: time  len: duration  v: vector(2)  s: text };
collection double { key id: keyword  len: duration  twice: duration = len * 2 };
collection other { key id: keyword };
put other {id: "x"};
"""
VALUES: dict[str, list[Any]] = {
    "i": [2**63 - 1, -(2**63), 2**63, -(2**63) - 1, 10**400, 1e300, True],
    "f": [1.7976931348623157e308, 5e-324, -0.0, 2**53 + 1, 10**400, "NaN", math.inf, math.nan],
    "at_": ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-10:00", "0001-01-01T00:00:00+10:00",
            "10000-01-01", "253402300800000000us", 10**30],
    "len": ["3507324mo", "3507325mo", "4000000mo", "9223372036854775807ms", "106751991d", "292471y", "-292000y", "292271y200y",
            "9" * 500 + "d", "9" * 5000 + "mo", "1" * 50 + ".5h", "3507324mo+106751991d", "-3507324mo+106751991d"],
    "v": [[3.4e38, 1], [1e39, 1], [math.nan, 1], [math.inf, 1], [1e-45, 0], [0, 0], [1], []],
    "s": ["", "\0", "\ud800", "x" * 1_000_000],
    "word": ["", "\0", "\ud800", "x" * 100_000],
    "id": ["", "\0", "x" * 511, "x" * 600, "\ud800", "ä" * 255],
    "raw": ["", "AA==", "no base64"],
    "words": [[], [""], [None], ["a"] * 100_000],
    "ints": [[2**63 - 1], [2**63], [1.5]],
    "floats": [[1e308], [math.nan], [2**53 + 1]],
    "times": [["9999-12-31T23:59:59.999999Z"], ["10000-01-01"]],
}  # fmt: skip


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    with paasq.open(tmp_path / "data") as opened:
        opened.query(SCHEMA)
        yield opened


def attempt(write: Callable[[], object]) -> bool:
    """Whether it was acknowledged; otherwise it was refused in words."""
    try:
        write()
    except (PaasqError, ValueError, TypeError):
        return False
    return True


def _kept(db: Database, field: str, number: int, value: Any) -> bool:
    """Whether a record with the value was acknowledged; it goes through the other doors too."""
    record = {"id": f"r{number}"} | {field: value}
    done = attempt(lambda: db.put("every", record))
    if field != "id":
        attempt(lambda: db.query(f"put plain {{id: $id, {field}: $v}}", id=record["id"], v=value))
        attempt(lambda: db.query(f"patch every where true set {field} = $v", v=value))
    assert len(db.query("from other")) == 1
    answer = db.query("from every")
    assert answer.complete
    json.dumps([row.to_dict() for row in answer], default=str)
    return done


@pytest.mark.parametrize("field", VALUES)
def test_what_is_acknowledged_can_be_asked_for(db: Database, tmp_path: Path, field: str) -> None:
    kept = sum(_kept(db, field, number, value) for number, value in enumerate(VALUES[field]))
    assert kept
    assert len(db.query("from every | sort len, at_, i, f | select id, len, at_, half, later, v")) == kept
    db.close()
    with paasq.open(tmp_path / "data") as again:
        assert len(again.query("from every")) == kept
        for row in again.query("from every | select id"):
            again.query("delete from every where id == $id", id=row.id)


@pytest.mark.parametrize(
    "text", ["len = len * 20", "len = len + 200000y", "len = len * 1e9", "at_ = at_ + 9000y", "i = i * 2"]
)
def test_arithmetic_never_leaves_what_a_field_holds(db: Database, text: str) -> None:
    first = {"len": Duration(200_000), "at_": "2026-01-01", "i": 2**62}
    db.put("plain", {"id": "a", **first})
    for _ in range(3):
        with pytest.raises(PaasqError):
            db.query(f"patch plain:a set {text}")
        with pytest.raises(PaasqError):
            db.query(f"put plain from (from plain | extend {text})")
    assert db.query("from plain | select i").rows == [[2**62]]


@pytest.mark.parametrize("text", ["9999-12-31T23:59", "0001-01-01T00:00"])
def test_a_time_that_its_zone_takes_out_of_the_years_is_refused(db: Database, text: str) -> None:
    zone = "America/New_York" if text[0] == "9" else "Europe/Oslo"
    assert len(db.query(f"from other | select at_ = @{text}")) == 1
    with pytest.raises(QueryError):
        db.query(f'zone "{zone}"; from other | select at_ = @{text}')
    with pytest.raises(QueryError):
        db.query(f'zone "{zone}"; param $t: time; from other | select at_ = $t', t=text)


def test_a_computed_field_that_does_not_fit_refuses_the_record(db: Database) -> None:
    with pytest.raises(InvalidValue, match=r"double\.twice of double:a can't be computed"):
        db.put("double", {"id": "a", "len": "3000000mo"})
    with pytest.raises(InvalidValue, match=r"every\.later of every:a can't be computed"):
        db.put("every", {"id": "a", "at_": "9999-12-31T12:00:00Z"})


@pytest.mark.parametrize("default", ["4000000mo", "300000y", "19000y99999999d"])
def test_a_default_that_does_not_fit_is_refused(db: Database, default: str) -> None:
    with pytest.raises(QueryError):
        db.query(f"collection bad {{ key id: keyword  len: duration default {default} }}")
