"""Records with objects and bytes, in by every door and out again: what is put is what is read."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paasq_daemon.instance import Instance
from paasq_daemon.sources.bulk_load import bulk_load
from paasq_daemon.sources.line_reader import LineFile
from paasq_daemon.sources.readers import reader_of
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.catalog_codecs import (
    decode_catalog,
    decode_record,
    encode_catalog,
    encode_record,
    record_to_python,
)
from paasq_daemon.wire.errors import InvalidValue, PaasqError, QueryError
from paasq_daemon.wire.json_rpc import dump, parse
from paasq_daemon.wire.request import Request
from paasq_daemon.wire.value_codecs import to_json_value
from properties.worlds import SmallEmbedder

SCHEMA = """
collection thing {
  key id: keyword  n: int  f: float
  inside: {word: keyword  data: bytes  `a b`: {at: time  long: duration  ns: [int]}  said: text}
}
"""
LARGE = bytes(range(256)) * 4096  # 1 MB


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    instance = Instance.open(tmp_path_factory.mktemp("objects"), embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request(SCHEMA))
    yield instance
    instance.close()


_WORDS = st.text(st.characters(codec="utf-8"), max_size=5)
_DEEP = st.fixed_dictionaries({
    "at": st.sampled_from([None, "2026-11-22T09:30:00Z", "1969-12-31T23:59:59.5Z"]),
    "long": st.sampled_from([None, "1h30min", "-1mo2d"]),
    "ns": st.none() | st.lists(st.integers(-(2**63), 2**63 - 1), max_size=2),
})  # fmt: skip
_INSIDE = st.fixed_dictionaries({
    "word": st.none() | _WORDS,
    "data": st.none() | st.binary(max_size=4).map(lambda raw: str(to_json_value(raw))),
    "a b": st.none() | _DEEP,
    "said": st.none() | _WORDS,
})  # fmt: skip
_RECORDS = st.fixed_dictionaries({
    "id": st.sampled_from(["a", "b"]),
    "n": st.none() | st.integers(-(2**63), 2**63 - 1),
    "f": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "inside": st.none() | _INSIDE,
})  # fmt: skip


def without_nothing(value: Any) -> Any:
    """An object that has nothing is null."""
    if not isinstance(value, dict):
        return value
    found = {name: without_nothing(inner) for name, inner in value.items()}
    return found if any(inner is not None for inner in found.values()) else None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(record=_RECORDS)
def test_a_record_put_is_the_record_read(instance: Instance, record: dict[str, Any]) -> None:
    instance.records.put("thing", [parse(dump(record))])
    expected = {name: without_nothing(value) for name, value in record.items()}
    collection = instance.catalog.current().collections["thing"]
    found = instance.records.get("thing", record["id"])
    assert found is not None
    got = parse(dump(encode_record(found, collection)))
    assert {name: got["record"][name] for name in expected} == expected
    assert decode_record(got) == record_to_python(found, collection)
    answer = instance.engine.query(Request("from thing | where id == $id", {"id": record["id"]}))
    assert answer.to_json()["rows"] == [expected]
    assert Answer.from_json(parse(dump(answer.to_json()))).to_dicts() == answer.to_dicts()


def test_python_holds_dicts_and_bytes(instance: Instance) -> None:
    instance.records.put("thing", [{"id": "p", "inside": {"word": "w", "data": "AP8="}}])
    row = instance.engine.query(Request('from thing | where id == "p"'))[0]
    assert row.inside["word"] == "w"
    assert row["inside"]["data"] == b"\x00\xff"
    assert row.inside["a b"] is None


def test_a_large_value_survives(instance: Instance, tmp_path: Path) -> None:
    instance.engine.query(Request('put thing {id: "large", inside: {data: $data}}', {"data": to_json_value(LARGE)}))
    instance.snapshots.create("large")
    instance.snapshots.restore("large", tmp_path / "restored")
    copy = Instance.open(tmp_path / "restored", embedder=SmallEmbedder(), sync=False)
    for held in (instance, copy):
        found = held.records.get("thing", "large")
        assert found is not None
        assert found["inside"]["data"] == LARGE
        (row,) = held.engine.query(
            Request('from thing | where id == "large" | select inside.data, size_bytes(inside.data)')
        )
        assert list(row) == [LARGE, len(LARGE)]
    copy.close()


def test_a_catalog_with_objects_goes_over_the_wire(instance: Instance) -> None:
    catalog = instance.catalog.current()
    assert decode_catalog(parse(dump(encode_catalog(catalog)))) == catalog
    assert str(catalog.collections["thing"].record_types["inside"]).startswith(
        "{word: keyword, data: bytes, `a b`: {at: time"
    )


def imported(instance: Instance, path: Path) -> list[str]:
    """What was rejected, and why."""
    rejected: list[str] = []
    with LineFile(path) as file:
        entries = reader_of(path)(file, instance.catalog.current().collections["thing"])
        for _ in bulk_load(
            entries, lambda records: instance.records.put("thing", records), lambda entry: rejected.append(entry.error)
        ):
            pass
    return rejected


def test_nested_json_lines(instance: Instance, tmp_path: Path) -> None:
    lines = [
        {"id": "j1", "inside": {"word": "w", "a b": {"ns": [1, 2]}}},
        {"id": "j2", "inside.word": "v"},
        {"id": "j3", "inside": {"wrod": "w"}},
        {"id": "j4", "inside": [{"word": "w"}]},
        {"id": "j5", "inside": {"data": "no base64"}},
    ]
    path = tmp_path / "things.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    causes = imported(instance, path)
    assert ["did you mean inside.word" in causes[0], "not a list of them" in causes[1], "base64" in causes[2]] == [
        True
    ] * 3
    rows = instance.engine.query(
        Request('from thing | where id in ["j1", "j2"] | sort id | select inside.word, ns = inside.`a b`.ns')
    )
    assert rows.rows == [["w", [1, 2]], ["v", None]]


def test_a_csv_has_a_column_for_each_member(instance: Instance, tmp_path: Path) -> None:
    path = tmp_path / "things.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "inside.word", "inside.a b.ns", "n"])
        writer.writerows([["c1", "w", "1; 2", "3"], ["c2", "", "", "9223372036854775808"]])
    (cause,) = imported(instance, path)
    assert cause == "n: '9223372036854775808' is outside the 64 bits of an int"
    found = instance.records.get("thing", "c1")
    assert found is not None
    assert found["inside"] == {"word": "w", "data": None, "a b": {"at": None, "long": None, "ns": [1, 2]}, "said": None}


@pytest.mark.parametrize("field", ["n", "f"])
@pytest.mark.parametrize("number", ["9223372036854775809", "-9223372036854775809", "123456789012345678901234567890"])
def test_no_int_outside_64_bits_becomes_another(instance: Instance, field: str, number: str, tmp_path: Path) -> None:
    """By JSON, by a file of lines, by CSV, as a parameter, in a text."""
    record = parse(f'{{"id": "x", "{field}": {number}}}'.encode())
    with pytest.raises(InvalidValue):
        instance.records.put("thing", [record])
    lines, table = tmp_path / "x.jsonl", tmp_path / "x.csv"
    lines.write_text(f'{{"id": "x", "{field}": {number}}}\n')
    table.write_text(f"id,{field}\nx,{number}\n")
    assert (len(imported(instance, lines)), len(imported(instance, table))) == (1, 1)
    for text in (f'put thing {{id: "x", {field}: $n}}', f"from thing | where {field} == $n"):
        with pytest.raises(QueryError, match="must be"):
            instance.engine.query(Request(text, {"n": record[field]}))
    with pytest.raises(QueryError, match="64 bits"):
        instance.engine.query(Request(f'put thing {{id: "x", {field}: {number.removeprefix("-")}}}'))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_what_is_no_finite_number_is_no_json(number: str) -> None:
    with pytest.raises(PaasqError):
        parse(f'{{"f": {number}}}'.encode())


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1])
def test_a_float_is_finite_and_exact(instance: Instance, value: float) -> None:
    with pytest.raises(InvalidValue):
        instance.records.put("thing", [{"id": "x", "f": value}])
    instance.records.put("thing", [{"id": "x", "f": 2**53}])
