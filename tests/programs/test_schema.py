"""show, describe, alter, drop and unique fields."""

from __future__ import annotations

from typing import Any

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import ConflictError, InvalidValue, PaasqError
from programs.conftest import Rows


def test_show(rows: Rows) -> None:
    assert rows("show collections")[0] == ["note", 3, 7, 0, "what was noted"]
    assert rows("show fields of note")[:2] == [
        ["id", "keyword", "key", "how it is called"],
        ["title", "text(en)", "", ""],
    ]
    assert ["where", "where condition"] in [row[:2] for row in rows("show stages")]
    assert "lower" in [row[0] for row in rows("show functions")]


def test_describe(rows: Rows) -> None:
    head, *fields = rows("describe note")
    assert head[:4] == ["note", "collection", "3 records", "what was noted"]
    assert fields[2] == ["n", "int", "", "", 2, 2, "1", "2"]
    assert rows("describe find")[0][0] == "find"
    assert rows("describe lower")[0][1] == "lower(string) -> text"


def test_describe_every_type(rows: Rows) -> None:
    """Least and greatest are values of the field."""
    rows("""collection every { key id: keyword n: int x: float done: bool at: time span: duration data: bytes
                               who: link<person> place: vector(2) home: {city: keyword lat: float} };
            put every [{id: "a", n: 1, x: 0.5, done: false, at: @2026-01-01, span: 90min, data: base64_decode("aGk="),
                        who: person:mira, place: [0, 1], home: {city: "Oslo", lat: 59.9}},
                       {id: "b", n: 2, span: 1mo}]""")
    ends = {row[0]: row[-2:] for row in rows("describe every")[1:]}
    assert ends == {
        "id": ["a", "b"], "n": ["1", "2"], "x": ["0.5", "0.5"], "done": ["false", "false"],
        "at": ["2026-01-01T00:00:00Z"] * 2, "span": ["1h30min", "1mo"], "data": [None, None],
        "who": ["mira", "mira"], "place": [None, None], "home.city": ["Oslo", "Oslo"], "home.lat": ["59.9", "59.9"],
    }  # fmt: skip


def test_added_field(rows: Rows, instance: Instance) -> None:
    assert rows('alter collection note add field place: keyword default "here"; from note | take 1 | select place') == [
        ["here"]
    ]
    assert rows("alter collection person add field v: vector(auto) from name") == [["add field", "person", 1]]
    assert instance.embedding.run(seconds_max=None) == {"embedded": 1, "pending": 0}
    assert rows('from person | near v to "Mira" | select id') == [["mira"]]
    with pytest.raises(InvalidValue, match="3 records"):
        rows("alter collection note add field must: int required")


def test_dropped_and_renamed_field(rows: Rows) -> None:
    rows("alter collection note drop field n; alter collection note add field n: text")
    assert rows("from note | take 1 | select n") == [[None]]  # its id is not that of the one dropped
    rows("alter collection note rename field title to subject")
    assert rows('from note | find "gamma" | take 1 | select subject') == [["beta gamma"]]
    assert rows("show fields of note")[-2][2] == "from subject"


@pytest.mark.parametrize(
    ("type_", "values"), [("float", [1.0, 2.0, None]), ("text", ["1", "2", None]), ("[int]", [[1], [2], None])]
)
def test_retyped_field(rows: Rows, type_: str, values: list[Any]) -> None:
    rows(f"alter collection note retype field n to {type_}")
    assert rows("from note | sort id | select n") == [[value] for value in values]
    assert rows("from note | where n == null | select id") == [["c"]]


def test_a_default_is_retyped_with_its_field(rows: Rows) -> None:
    rows('collection pot { key id: keyword n: int default 30 }; put pot [{id: "a", n: 2}, {id: "b"}]')
    rows('alter collection pot retype field n to float; put pot {id: "c"}')
    assert rows("from pot | sort id | select n") == [[2.0], [30.0], [30.0]]
    rows('alter collection pot retype field n to keyword; put pot {id: "d"}')
    assert rows("from pot | sort id | select n") == [["2.0"], ["30.0"], ["30.0"], ["30.0"]]
    with pytest.raises(PaasqError, match="become bool, since its default is not"):
        rows("alter collection pot retype field n to bool")


def test_retype_refused(rows: Rows) -> None:
    with pytest.raises(InvalidValue, match=r"1 of 1 values of person\.name are no int, such as 'Mira' of person:mira"):
        rows("alter collection person retype field name to int")
    assert rows("from person | select name") == [["Mira"]]


def test_dropped_collection(rows: Rows) -> None:
    with pytest.raises(ConflictError, match="3 records"):
        rows("drop collection note")
    assert rows("drop collection note and its records") == [["drop collection", "note", 3]]
    assert rows("collection note { key id: keyword }; from note") == []
    with pytest.raises(PaasqError, match="there was no collection note"):
        rows("from note as of seq 3")


def test_unique(rows: Rows) -> None:
    with pytest.raises(ConflictError, match="'m1' of note:d is that of note:a"):
        rows('put note {id: "d", mail: "m1"}')
    with pytest.raises(ConflictError, match="unique"):
        rows('put note [{id: "d", mail: "new"}, {id: "e", mail: "new"}]')
    rows('tx { patch note:a set mail = "m2"; patch note:b set mail = "m1" }')
    rows('delete note:b; put note {id: "d", mail: "m1"}')
    rows('put note [{id: "f"}, {id: "g", mail: null}]')
    assert rows("from note | where mail != null | sort id | select id, mail") == [["a", "m2"], ["d", "m1"]]


def test_a_retype_keeps_values_unique(rows: Rows) -> None:
    rows('patch note:a set mail = "1"; patch note:b set mail = "01"')
    with pytest.raises(ConflictError, match="two values of note"):
        rows("alter collection note retype field mail to int")


def test_unique_of_the_put_method_and_after_a_failure(instance: Instance, rows: Rows) -> None:
    with pytest.raises(ConflictError):
        instance.records.put("note", [{"id": "d", "mail": "m9"}, {"id": "e", "mail": "m2"}])
    instance.records.put("note", [{"id": "d", "mail": "m9"}])
    instance.store.trim(instance.store.seq + 1)  # the journal is gone: it looks at the records anew
    with pytest.raises(ConflictError):
        rows('patch note:c set mail = "m9"')


@pytest.mark.parametrize(
    "field", ["int unique = n % 2", "keyword unique = substring(s, 0, 0)", "time unique = from_unix(n % 2)"]
)
def test_a_unique_field_counts_values_that_are_false(rows: Rows, field: str) -> None:
    rows(
        'collection t { key id: keyword  n: int  s: keyword }; put t [{id: "a", n: 2, s: "x"}, {id: "b", n: 4, s: "y"}]'
    )
    with pytest.raises(ConflictError, match="two records would have the m"):
        rows(f"alter collection t add field m: {field}")
    assert rows("from t | select n") == [[2], [4]]


def test_a_null_that_was_written_is_retyped_as_null(rows: Rows) -> None:
    rows('collection t { key id: keyword  n: int default 5 }; put t [{id: "a", n: null}, {id: "b"}, {id: "c", n: 0}]')
    assert rows("from t | select id, n") == [["a", None], ["b", 5], ["c", 0]]
    for type_, values in (("float", [None, 5.0, 0.0]), ("keyword", [None, "5.0", "0.0"])):
        rows(f"alter collection t retype field n to {type_}")
        assert [n for _, n in rows("from t | sort id | select id, n")] == values
