"""Pipelines in brackets, `x in (from ... | select y)`: what an answer says of them, and what a write makes of it."""

from __future__ import annotations

import pytest

from paasq_daemon.index.column import ListColumn
from paasq_daemon.instance import Instance
from paasq_daemon.operators import fuse, init_plan
from paasq_daemon.operators.context import ExecutionContext
from paasq_daemon.wire.errors import LimitExceeded, QueryError
from programs.conftest import Ask, Rows

CUT = 'from note | fuse rrf (one: match "beta", other: match "beta gamma") | select id'


@pytest.fixture
def cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fuse looks no deeper than one row."""
    monkeypatch.setattr(fuse, "CANDIDATES_DEPTH", 1)


@pytest.mark.usefixtures("cut")
def test_an_answer_says_what_its_list_may_lack(ask: Ask) -> None:
    whole, part = ask("from note | where n > 0"), ask(f"from note | where id in ({CUT})")
    assert whole.complete
    assert (part.complete, part.reason) == (False, "depth")
    assert ask(f"from note | where id in (from note | where id in ({CUT}) | select id)").reason == "depth"
    assert ask(f"from person | union (from note | where id in ({CUT}))").reason == "depth"
    assert ask(f"from note | where id in ({CUT} | take 1)").complete


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize(
    "text", [f"delete from note where id not in ({CUT})", f"patch note where id in ({CUT}) set n = 3"]
)
def test_a_write_by_such_a_list_is_refused(ask: Ask, rows: Rows, text: str) -> None:
    before = rows("from note | select id, n")
    with pytest.raises(LimitExceeded, match="did not give all its values"):
        ask(text)
    assert rows("from note | select id, n") == before


def test_pending_vectors_are_said(instance: Instance, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(instance.vectors), "embed_new", lambda *_: None)
    ask('put note {id: "d", title: "epsilon"}')
    assert ask('from note | where id in (from note | near to "beta" | take 2 | select id)').reason == "pending"


def test_too_many_values_are_refused(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(init_plan, "SUBQUERY_ROWS_MAX", 2)
    assert len(ask("from note | where id in (from note | take 2 | select id)").rows) == 2
    with pytest.raises(QueryError, match="gives 3 values, more than 2"):
        ask("from note | where id in (from note | select id)")


def test_a_list_is_made_once_for_equal_brackets(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[init_plan.InitPlan] = []
    runs = init_plan.InitPlan.execute

    def counted(self: init_plan.InitPlan, run: ExecutionContext) -> ListColumn:
        made.append(self)
        return runs(self, run)

    monkeypatch.setattr(init_plan.InitPlan, "execute", counted)
    ids, big = "id in (from big)", "let big = from note | where n > 1 | select id"
    ask(f"{big}; from note | where {ids} or not ({ids}) | extend again = {ids} | union (from note | where {ids})")
    assert len(made) == 1


def test_the_past_is_read_inside_too(instance: Instance, rows: Rows) -> None:
    then = instance.store.seq
    rows('put note {id: "d", who: person:ana}; put person {id: "ana"}; patch note:c set who = person:mira')
    known = "where who in (from person | select id) | select id"
    assert rows(f"from note | {known}") == [["a"], ["d"], ["c"]]
    assert rows(f"from note as of seq {then} | {known}") == [["a"]]


def test_parameters_and_moments_reach_inside(rows: Rows) -> None:
    text = "param $least: int; from note | where id in (from note | where n >= $least and _time <= @now | select id) | select id"
    assert rows(text, least=2) == [["b"]]
    assert rows(text, least=1) == [["a"], ["b"]]


def test_of_a_module_and_a_view(ask: Ask) -> None:
    module = {"lib.paasq": "fn known(of: link<person>): bool = of in (from person | select id);"}
    assert ask('use "lib.paasq" as l; from note | where l.known(who) | select id', module).rows == [["a"]]
    ask('view tagged($n: int) = from note | where n >= $n and id in (from note | where tags has "x" | select id)')
    assert ask("from note | where id in (from tagged(1) | select id) | select id").rows == [["b"]]


def test_a_cursor_is_of_the_same_list(ask: Ask) -> None:
    text = "from note | where id in (from note | where n > $n | select id) | sort id | page 1 after $after"
    first = ask(text, n=0, after=None)
    assert ask(text, n=0, after=first.cursor).rows[0][0] == "b"
    with pytest.raises(QueryError, match="cursor"):
        ask(text, n=1, after=first.cursor)


def test_brackets_as_deep_as_they_go(ask: Ask) -> None:
    text = "from note"
    for _ in range(14):
        text = f"from note | where not (id in ({text} | select id) and n == null)"
    assert len(ask(f"{text} | select id").rows) == 3
    assert ask(f"explain analyze {text}").rows


def test_a_reader_may_ask_so(ask: Ask) -> None:
    assert ask("from note | where id in (from note | select id)", read_only=True).rows
