"""from ... as of."""

from __future__ import annotations

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import QueryError, SnapshotError, StoreError
from paasq_daemon.wire.request import Request
from programs.conftest import Ask, Rows

CHANGE = """
patch note:a set title = "omega", n = 10; delete note:b; put note {id: "d", title: "beta"};
patch person:mira set name = "Nora"
"""


@pytest.fixture
def then(instance: Instance, rows: Rows) -> int:
    """The sequence number before many changes."""
    rows('snapshot "then"')
    seq = instance.store.seq
    rows(CHANGE)
    return seq


@pytest.mark.parametrize(
    "stages",
    [
        "sort id | select id, title, n, tags, who->name",
        "where n > 1 | select id",
        'match title "beta" | select id, _score',
        'near embedding to "beta gamma" | select id, _score',
        'find "beta" | select id',
        "summarize sum(n), count()",
        "where who != null | follow who | select name",
        "near embedding to note:a | select id",
    ],
)
def test_the_past_answers_as_it_did(instance: Instance, rows: Rows, stages: str) -> None:
    seq, before = instance.store.seq, rows(f"from note | {stages}")
    rows(CHANGE)
    assert rows(f"from note as of seq $seq | {stages}", seq=seq) == before
    assert rows(f"from note | {stages}") != before or "summarize" in stages


def test_of_a_snapshot_and_through_lets_and_views(ask: Ask, rows: Rows, then: int) -> None:
    assert rows('from note as of snapshot "then" | sort id | select id') == [["a"], ["b"], ["c"]]
    assert rows('view all = from note | sort id | select id; from all as of snapshot "then"') == [["a"], ["b"], ["c"]]
    assert rows(
        'put archive from (from note as of snapshot "then" | where id == "b" | select id, title); from archive'
    ) == [["b", "beta gamma"]]
    assert ask("from note as of seq $seq", seq=then).seq == then


def test_what_cannot_be_read(instance: Instance, rows: Rows, then: int) -> None:
    with pytest.raises(StoreError, match="is after that"):
        rows("from note as of seq 10000")
    with pytest.raises(SnapshotError):
        rows('from note as of snapshot "never"')
    rows("alter collection note add field place: keyword")
    assert rows('from note as of seq $seq | where id == "b" | select n, place', seq=then) == [[2, None]]
    rows("alter collection note retype field n to text")
    with pytest.raises(StoreError, match="n was int"):
        rows("from note as of seq $seq", seq=then)
    instance.store.trim(then + 2)
    with pytest.raises(StoreError, match="history is kept from"):
        rows("from note as of seq $seq", seq=then)


def test_a_cursor_belongs_to_its_moment(instance: Instance, then: int) -> None:
    page = "from note as of seq {} | sort id | page 1"
    cursor = instance.engine.query(Request(page.format(then))).cursor
    assert instance.engine.query(Request(f"{page.format(then)} after $c", {"c": cursor})).rows
    with pytest.raises(QueryError, match="another query"):
        instance.engine.query(Request(f"{page.format(then + 1)} after $c", {"c": cursor}))


def test_a_retyped_field_is_refused_only_where_it_is_asked_for(rows: Rows, ask: Ask) -> None:
    rows(
        'collection c { key id: keyword  a: int  t: text(en)  u: keyword }; put c {id: "1", a: 42, t: "the lease ends", u: "x"}'
    )
    seq = ask("from c").seq
    rows('alter collection c retype field a to float; patch c:1 set u = "y"')
    assert rows(f"from c as of seq {seq} | select id, t, u") == [["1", "the lease ends", "x"]]
    assert rows(f'from c as of seq {seq} | match "lease" | select id') == [["1"]]
    for text in ("", "| select a", "| where a > 1 | select id"):
        with pytest.raises(StoreError, match=r"c\.a was int at sequence number"):
            rows(f"from c as of seq {seq} {text}")
    rows("alter collection c retype field t to keyword")
    assert rows(f"from c as of seq {seq} | select u") == [["x"]]
    with pytest.raises(StoreError, match=r"c\.t was text\(en\)"):
        rows(f"from c as of seq {seq} | select t")
