"""Records as JSON objects: what no field can hold is refused with words that name record, field and mend."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import InvalidValue
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

SCHEMA = """
collection other { key id: keyword };
collection thing { key id: keyword k: keyword t: text n: int f: float b: bool at: time long: duration ks: [keyword]
  to: link<other> v: vector(3) must: int required default 1 };
"""

REFUSED: list[tuple[str, Any, str]] = [
    ("n", 1.5, "n is int, and 1.5 is not"),
    ("n", True, "n is int"),
    ("n", "1", "n is int"),
    ("n", 2**63, "give an int of 64 bits"),
    ("n", 10**400, "give an int of 64 bits"),
    ("n", math.nan, "n is int"),
    ("f", math.nan, "give a finite number"),
    ("f", math.inf, "give a finite number"),
    ("f", 10**400, "give a finite number"),
    ("f", True, "f is float"),
    ("b", 1, "b is bool"),
    ("k", 1, "k is keyword"),
    ("k", "\ud800", "k is keyword"),
    ("t", "a\udfffb", "t is text"),
    ("t", ["a"], "t is text"),
    ("at", "tomorrow", "2026-11-22T09:30:00Z"),
    ("at", 5, "ISO 8601"),
    ("at", "0000-01-01", "ISO 8601"),
    ("long", "1m", "1h30min"),
    ("long", 60, "1h30min"),
    ("ks", "a", r"ks is \[keyword\]"),
    ("ks", ["a", None], "a list holds no nulls"),
    ("ks", ["a", 1], r"ks is \[keyword\]"),
    ("to", 7, "give the key of a other as text"),
    ("v", [1, 2], "v is a vector of 3 numbers"),
    ("v", [1, 2, math.nan], "not finite"),
    ("v", [1, 2, 1e300], "not finite"),
    ("v", [1, 2, "3"], "v is a vector of 3 numbers"),
    ("v", [1, 2, True], "v is a vector of 3 numbers"),
    ("must", None, "must is required"),
    ("id", None, "id is required"),
    ("id", "", "key of a record"),
    ("id", 7, "key of a record|id is keyword"),
    ("nothing", 1, "thing has no field nothing"),
]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    instance = Instance.open(tmp_path_factory.mktemp("values"), embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request(SCHEMA))
    yield instance
    instance.close()


@pytest.mark.parametrize(("field", "value", "words"), REFUSED, ids=lambda v: repr(v)[:20])
def test_refused_and_nothing_is_kept(instance: Instance, field: str, value: Any, words: str) -> None:
    with pytest.raises(InvalidValue, match=words):
        instance.records.put("thing", [{"id": "good"}, {"id": "bad", field: value}])
    assert instance.records.get("thing", "good") is None
    assert instance.records.get("thing", "bad") is None


def test_the_record_is_named_by_its_place(instance: Instance) -> None:
    with pytest.raises(InvalidValue, match="record 2: n is int"):
        instance.records.put("thing", [{"id": "good"}, {"id": "bad", "n": "x"}])


def test_the_ends_of_what_is_held(instance: Instance) -> None:
    given = {
        "id": "ends", "k": "\U0010ffff\x00", "t": "", "n": -(2**63), "f": 1.7976931348623157e308, "b": False,
        "at": "0001-01-01T00:00:00Z", "long": "1y2mo3d", "ks": [""], "to": "nobody", "v": [0, 0, 0],
    }  # fmt: skip
    instance.records.put("thing", [given])
    found = instance.engine.query(Request('from thing | where id == "ends"')).to_json()["rows"][0]
    assert found == given | {"must": 1}


def test_a_duration_keeps_its_months(instance: Instance) -> None:
    instance.records.put("thing", [{"id": "months", "at": "2026-01-31T00:00:00Z", "long": "1mo"}])
    text = 'from thing | where id == "months" and at + long == @2026-02-28 | select long, then = at + long'
    assert instance.engine.query(Request(text)).to_json()["rows"] == [{"long": "1mo", "then": "2026-02-28T00:00:00Z"}]
