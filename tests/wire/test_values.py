"""engine value -> JSON -> engine value is the identity, for every type of column."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasq_daemon.wire.answer import Answer, ColumnInfo, FacetCount
from paasq_daemon.wire.answer_table import answer_labels
from paasq_daemon.wire.catalog_codecs import decode_catalog, encode_catalog
from paasq_daemon.wire.cell_text import escape_control
from paasq_daemon.wire.errors import InvalidValue, LimitExceeded, ProtocolError
from paasq_daemon.wire.exact_json import JSON_DEPTH_MAX
from paasq_daemon.wire.json_rpc import dump
from paasq_daemon.wire.value_codecs import decode, encode, to_json_value, to_python
from paasq_dsl.catalog import Catalog, Collection, Field
from paasq_dsl.types import DURATION, FLOAT, INT, KEYWORD, TIME, Type, link_to, list_of, text_in, vector_of
from paasq_dsl.values import INT_MAX, INT_MIN, Duration

_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
_INT = st.integers(INT_MIN, INT_MAX)
_DURATION = st.builds(Duration, st.integers(-500, 500), st.integers(-(10**15), 10**15))
_BY_TYPE: dict[Type, st.SearchStrategy[Any]] = {
    KEYWORD: _TEXT,
    text_in("en"): _TEXT,
    link_to("person"): _TEXT,
    INT: _INT,
    FLOAT: st.floats(),
    TIME: _INT,
    DURATION: _DURATION,
    vector_of(3): st.lists(st.floats(width=32, allow_nan=False), min_size=3, max_size=3),
    list_of(TIME): st.lists(_INT),
    list_of(DURATION): st.lists(_DURATION),
    list_of(KEYWORD): st.lists(_TEXT),
}


@pytest.mark.parametrize("type_", _BY_TYPE, ids=str)
def test_round_trip(type_: Type) -> None:
    @settings(max_examples=60, deadline=None)
    @given(st.none() | _BY_TYPE[type_])
    def check(value: Any) -> None:
        back = decode(orjson.loads(dump(encode(value, type_))), type_)
        assert back == value or (math.isnan(back) and math.isnan(value))
        assert type(back) is type(value)

    check()


@pytest.mark.parametrize(
    ("value", "type_name", "expected"),
    [
        (1_795_339_800_000_000, "time", "2026-11-22T09:30:00Z"),
        (10**18, "time", "1000000000000000000us"),
        (Duration(micros=5_400_000_000), "duration", "1h30min"),
        (Duration(micros=258_333), "duration", "258.333ms"),
        (Duration(micros=-1_000_020), "duration", "-1s0.02ms"),
        (Duration(months=1, micros=-1000), "duration", "1mo+-1ms"),
        (float("-inf"), "float", "-Infinity"),
        (np.float32(0.5), "float", 0.5),
        (np.int64(3), "int", 3),
        (np.array([0.5, 1], np.float32), "vector(2)", [0.5, 1.0]),
        (None, "[time]", None),
        ([b"\xff", Duration(months=12)], "any", ["/w==", "1y"]),
    ],
)
def test_json_forms(value: Any, type_name: str, expected: Any) -> None:
    encoded = encode(value, type_name)
    assert encoded == expected
    assert json.loads(json.dumps(encoded)) == expected


def test_python_forms() -> None:
    assert to_python(0, "time") == datetime(1970, 1, 1, tzinfo=UTC)
    assert to_python(10**18, "time") == 10**18
    assert to_python([0], "[time]") == [datetime(1970, 1, 1, tzinfo=UTC)]
    assert to_python((1, 2), "vector(2)") == [1.0, 2.0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (datetime(2026, 11, 22, 9, 30, tzinfo=UTC), "2026-11-22T09:30:00Z"),
        (date(2026, 11, 22), "2026-11-22"),  # of no zone: the reader's
        (datetime(2026, 11, 22, 9, 30), "2026-11-22T09:30:00"),  # noqa: DTZ001  # as above
        (timedelta(minutes=90), "1h30min"),
        (Duration(months=1), "1mo"),
        (np.array([1, 2], np.float32), [1.0, 2.0]),
        ({"a": (1, float("inf"))}, {"a": [1, "Infinity"]}),
    ],
)
def test_values_that_people_give(value: Any, expected: Any) -> None:
    assert to_json_value(value) == expected
    assert to_json_value(expected) == expected


def _nested(levels: int, *, objects: bool) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"x": value} if objects else [value]
    return value


@pytest.mark.parametrize("objects", [True, False])
def test_values_are_nested_as_deep_as_messages_may_be(objects: bool) -> None:
    assert to_json_value(_nested(JSON_DEPTH_MAX, objects=objects))
    for levels in (JSON_DEPTH_MAX + 1, 2_000):
        with pytest.raises(LimitExceeded, match="deeper than 64 levels"):
            to_json_value(_nested(levels, objects=objects))


def test_a_list_in_itself_is_too_deep() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(LimitExceeded, match="deeper than 64 levels"):
        to_json_value(endless)


def test_ints_beyond_every_float_are_refused() -> None:
    assert to_json_value(2**1023)
    with pytest.raises(InvalidValue, match="an int of 16,610 bits"):
        to_json_value(-(10**5_000))


@pytest.mark.parametrize("value", [object(), {1: 2}, [{3}, object()]])
def test_values_that_nothing_can_hold(value: Any) -> None:
    with pytest.raises(TypeError, match=r"not a value of paasq|field's name"):
        to_json_value(value)


def _answer() -> Answer:
    columns = (ColumnInfo("title", "text(en)"), ColumnInfo("count", "int"), ColumnInfo("due", "time"))
    rows: list[list[Any]] = [["a", 3, 0], ["b", None, None]]
    facets = {"tag": [FacetCount("x", 2), FacetCount(None, 1)]}
    types, warnings = {"tag": "keyword"}, [{"code": "PQ0472"}]
    return Answer(
        columns, rows, False, "limit", "c1", 9, 1.5, facets, types, tokens=12, cut=("title",), warnings=warnings
    )


def test_an_answer_is_the_same_after_the_wire() -> None:
    answer = _answer()
    back = Answer.from_json(orjson.loads(dump(answer.to_json())))
    assert back == answer
    assert back.to_dicts() == answer.to_dicts()
    assert "plan" not in answer.to_json()


def test_rows_by_attribute_name_index_and_unpacking() -> None:
    answer = _answer()
    first = answer[0]
    title, count, due = first
    assert (title, count, due) == (first.title, first["count"], first[2]) == ("a", 3, datetime(1970, 1, 1, tzinfo=UTC))
    assert (len(answer), len(list(answer)), first) == (2, 2, answer[0])
    with pytest.raises(AttributeError, match="there are title, count, due"):
        _ = first.tilte
    with pytest.raises(KeyError, match="no column 'tilte'"):
        _ = first["tilte"]


@pytest.mark.parametrize(
    "broken", [{}, {"columns": 3}, {"columns": [{"name": "x", "type": "time"}], "rows": [{"x": 3}]}]
)
def test_what_is_no_answer(broken: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError, match="not an answer of paasq"):
        Answer.from_json(broken)


def test_labels_say_why_an_answer_is_not_complete() -> None:
    assert answer_labels(_answer()) == "2 rows, not complete (limit), title cut, 1.5 ms, seq 9, about 12 tokens"
    assert escape_control("a\x1b[31mb\u202e") == "a\\x1b[31mb\\x202e"


def test_a_catalog_keeps_its_defaults() -> None:
    fields = (
        Field(1, "id", KEYWORD),
        Field(2, "takes", DURATION, default=Duration(1, 2)),
        Field(3, "at", TIME, default=5),
    )
    catalog = Catalog().with_collection(Collection(1, "task", fields, "id"))
    assert decode_catalog(orjson.loads(dump(encode_catalog(catalog)))) == catalog
