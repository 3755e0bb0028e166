"""dryrun, put from a pipeline, expect of several records, read-only requests, snapshots."""

from __future__ import annotations

import pytest

from paasq_daemon.wire.errors import ConflictError, QueryError, ReadOnly
from programs.conftest import Ask, Rows


def test_dryrun_tells_and_writes_nothing(ask: Ask, rows: Rows) -> None:
    before = ask("from note")
    writes = 'put note {id: "z", n: 9}; patch note:a set n = 5; delete note:c; put person {id: "mira", name: "Mira"}'
    text = f"dryrun tx {{ {writes} }}"
    assert rows(text) == [
        ["insert", "note", "z", "id", None, "z"],
        ["insert", "note", "z", "n", None, "9"],
        ["update", "note", "a", "n", "1", "5"],
        ["delete", "note", "c", "id", "c", None],
        ["delete", "note", "c", "title", "delta", None],
    ]
    after = ask("from note")
    assert (after.rows, after.seq) == (before.rows, before.seq)


def test_dryrun_fails_as_the_write_would(rows: Rows) -> None:
    with pytest.raises(ConflictError, match="expected absent"):
        rows('dryrun put note {id: "a"} expect absent')
    with pytest.raises(ConflictError, match="unique"):
        rows('dryrun put note {id: "z", mail: "m1"}')
    rows('put note {id: "z", mail: "m3"}')


def test_put_from(rows: Rows) -> None:
    assert rows("put archive from (from note | where n > 1 | select id, title)") == [["put", "archive", 1, ["b"]]]
    assert rows("from archive") == [["b", "beta gamma"]]
    rows("tx { put archive from (from note | select id, title); delete from note where n == 1 }")
    assert rows("from archive | sort id | select id") == [["a"], ["b"], ["c"]]
    assert rows("from note | sort id | select id") == [["b"], ["c"]]


def test_put_from_is_checked(rows: Rows) -> None:
    with pytest.raises(QueryError, match="n is not a field of archive"):
        rows("put archive from (from note | select id, n)")
    with pytest.raises(QueryError, match=r"archive\.id is required"):
        rows("put archive from (from note | select title)")


def test_expect_holds_of_each_record_or_none_is_put(rows: Rows) -> None:
    rows('put archive {id: "b"}')
    with pytest.raises(ConflictError, match="archive:b was expected absent"):
        rows('put archive [{id: "a"}, {id: "b"}] expect absent')
    with pytest.raises(ConflictError, match="archive:b was expected absent"):
        rows("put archive from (from note | select id, title) expect absent")
    with pytest.raises(ConflictError, match="archive:x was expected absent"):  # the second sees the first
        rows('put archive [{id: "x"}, {id: "x"}] expect absent')
    assert rows("from archive") == [["b", None]]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("patch note:a set n = 3", "patch"),
        ('tx { put person {id: "x"}; delete note:a }', "tx"),
        ("drop collection archive", "drop collection"),
        ("alter collection note drop field n", "alter"),
        ("view v = from note", "view"),
        ('snapshot "s"', "snapshot"),
        ("collection x { key id: keyword }", "collection"),
    ],
)
def test_read_only(ask: Ask, text: str, word: str) -> None:
    with pytest.raises(ReadOnly, match=f"^{word} writes"):
        ask(f"from note; {text}", read_only=True)
    assert ask("show collections; describe note; dryrun delete note:a; from note", read_only=True).rows


def test_snapshots(rows: Rows) -> None:
    rows('snapshot "first"; snapshot $name', name="second")
    assert [row[0] for row in rows("show snapshots")] == ["first", "second"]
    assert rows('verify snapshot "first"') == [["first", True, []]]
