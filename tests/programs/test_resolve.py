"""resolve: what a citation names, after all that may have come since."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import QueryError
from paasq_daemon.wire.request import Budget, Request
from paasq_dsl.citations import Citation, parse_citation
from programs.conftest import Ask, Rows

SETUP = """
collection doc { key id: keyword title: text body: text(en) n: int };
put doc {id: "a b", title: "Ice", body: "Ice stops a wheel. A wheel turns in the race. Grain is ground.", n: 1}
"""
CITED = 'from doc | match "race" | passages body | cite | select passage, _cite'


@pytest.fixture
def cited(rows: Rows) -> tuple[str, str]:
    """A passage and its citation."""
    rows(SETUP)
    ((passage, citation),) = rows(CITED)
    return passage, citation


def resolved(ask: Ask, *citations: str) -> list[dict[str, object]]:
    answer = ask("resolve $c", c=list(citations))
    names = [column.name for column in answer.columns]
    return [dict(zip(names, row, strict=True)) for row in answer.rows]


def test_a_quote_is_what_the_passage_was(ask: Ask, rows: Rows, cited: tuple[str, str]) -> None:
    passage, citation = cited
    steps = [
        ("from doc", "current", True, 1),
        ('patch doc:"a b" set n = 2', "changed", True, 2),
        ('patch doc:"a b" set body = "All new."', "changed", False, 3),
        ("alter collection doc rename field body to content", "changed", False, 3),
        ('delete doc:"a b"', "deleted", False, None),
    ]  # fmt: skip
    for change, state, stands, version in steps:
        rows(change)
        (row,) = resolved(ask, citation)
        assert (row["quote"], row["state"], row["quote_current"], row["current_version"]) == (
            passage,
            state,
            stands,
            version,
        )
        assert row["problem"] is None


@pytest.mark.usefixtures("cited")
def test_a_record_as_it_was(ask: Ask, rows: Rows) -> None:
    rows('patch doc:"a b" set n = 2')
    then, now = resolved(ask, 'doc:"a b"@1', 'doc:"a b"@2')
    assert '"n":1' in str(then["record"])
    assert '"n":2' in str(now["record"])
    assert (then["state"], now["state"]) == ("changed", "current")
    assert then["seq"] != now["seq"]


def test_an_object_s_members(ask: Ask, rows: Rows) -> None:
    rows("""collection friend { key id: keyword address: {street: text(en) city: keyword line: text = upper(address.street)} };
            put friend {id: "ana", address: {street: "The sea is near. A red house."}}""")
    (citation,) = [row[0] for row in rows('from friend | match "sea" | passages address.street | cite | select _cite')]
    rows("alter collection friend rename field address.street to address.road")
    text, made, object_, whole = resolved(
        ask, citation, "friend:ana@1.address.line[0..3]", "friend:ana@1.address", "friend:ana@1"
    )
    assert (text["quote"], text["quote_current"], made["quote"]) == ("The sea is near. A red house.", True, "THE")
    assert object_["problem"] == "address was an object: name a text in it, such as address.road"
    shown = {"road": "The sea is near. A red house.", "city": None, "line": "THE SEA IS NEAR. A RED HOUSE."}
    assert json.loads(str(whole["record"])) == {"id": "ana", "address": shown}


def test_two_lives_of_a_key_are_two_rows(ask: Ask, rows: Rows, cited: tuple[str, str]) -> None:
    passage, citation = cited
    rows(
        'delete doc:"a b"; put doc {id: "a b", body: "Another text, of another record, just as long as the first was."}'
    )
    newer, older = resolved(ask, citation)
    assert (newer["state"], older["state"]) == ("current", "changed")
    assert newer["quote"] != passage == older["quote"]


def test_what_is_not_there_says_why(instance: Instance, ask: Ask, rows: Rows, cited: tuple[str, str]) -> None:
    _, citation = cited
    problems = {
        'doc:"a b"@7': "the newest version of this record is 1",
        "doc:other@1": "doc never had a record other",
        "letter:a@1": "there is no collection letter",
        'doc:"a b"@1.n': "it had no text n",
        'doc:"a b"@1.body[0..900]': "its body had 62 characters",
    }
    for name, problem in problems.items():
        (row,) = resolved(ask, name)
        assert (row["citation"], row["problem"], row["quote"]) == (name, problem, None)
    rows('patch doc:"a b" set n = 2; patch doc:"a b" set n = 3')
    instance.store.trim(instance.store.seq)
    (row,) = resolved(ask, citation)
    assert row["state"] == "trimmed"
    assert "history is kept from" in str(row["problem"])


def test_one_or_many_or_none(ask: Ask, cited: tuple[str, str]) -> None:
    _, citation = cited
    assert len(ask("resolve $c", c=citation).rows) == 1
    assert len(ask("resolve $c", c=[citation] * 3).rows) == 3
    assert ask("resolve []").rows == []
    for wrong in (None, 3, [citation] * 1_001):
        with pytest.raises(QueryError):
            ask("resolve $c", c=wrong)


def test_a_malformed_citation_costs_its_own_row_alone(ask: Ask, cited: tuple[str, str]) -> None:
    passage, citation = cited
    problems = {
        "pep": "this is not a citation, from character 1 on: expected a record, such as note:n1, found pep",
        "pep:8": "this is not a citation, from character 6 on: expected @ and its version, such as @3, found the end",
        "pep:8@x": "this is not a citation, from character 6 on: expected @ and its version, such as @3, found @x",
        "pep:8@1.": "this is not a citation, from character 8 on: expected a . and a field, found .",
        "pep:8@1.body[3]": "this is not a citation, from character 13 on: expected characters, such as [0..40], found [3]",
        " pep:8@1.body[3..5]]": "this is not a citation, from character 20 on: expected its end, found ]",
        "pep:8@1.body[9..2]": "this is not a citation: its first character, 9, is after its last, 2",
        "": "this is not a citation, from character 1 on: expected a record, such as note:n1, found the end",
    }
    first, *malformed, last = resolved(ask, citation, *problems, citation)
    assert first["quote"] == last["quote"] == passage
    assert {row["citation"]: row["problem"] for row in malformed} == problems
    assert {row["state"] for row in malformed} == {"malformed"}


@pytest.mark.usefixtures("cited")
def test_what_is_no_text_is_malformed_too(ask: Ask) -> None:
    rows = ask("resolve $c", c=["doc:x@1", None]).rows
    assert [row[:2] for row in rows] == [["doc:x@1", "unknown"], [None, "malformed"]]


def test_a_malformed_literal_is_a_row_whether_its_plan_was_known_or_not(ask: Ask, cited: tuple[str, str]) -> None:
    _, citation = cited
    for text in ("pep", citation.replace('"', '\\"'), "pep"):
        assert len(ask(f'resolve "{text}"').rows) == 1


def test_a_budget_cuts_it(instance: Instance, cited: tuple[str, str]) -> None:
    _, citation = cited
    many = {"c": [citation] * 9}
    rows = instance.engine.query(Request("resolve $c", many, Budget(rows=2)))
    assert (len(rows.rows), rows.complete, rows.reason) == (2, False, "rows")
    tokens = instance.engine.query(Request("resolve $c", many, Budget(tokens=(rows.tokens or 0) + 1)))
    assert (len(tokens.rows), tokens.reason) == (2, "tokens")
    assert (rows.tokens or 0) <= (tokens.tokens or 0) <= (rows.tokens or 0) + 1  # the reason's word is longer
    assert instance.engine.query(Request("resolve $c", many, Budget(rows=9))).complete


@given(
    st.builds(
        Citation, st.just("doc"), st.text(min_size=1).filter(lambda t: "\n" not in t), st.integers(0, 10**12),
        st.one_of(st.none(), st.sampled_from(["body", "a b", "from"])),
    )
)  # fmt: skip
def test_a_citation_reads_as_it_was_written(citation: Citation) -> None:
    assert parse_citation(str(citation)) == citation
    if citation.field:
        part = Citation(citation.collection, citation.key, citation.version, citation.field, (3, 70))
        assert parse_citation(str(part)) == part


def test_a_record_from_before_a_retype_is_shown_as_it_was(ask: Ask, rows: Rows) -> None:
    rows('collection c { key id: keyword  a: int  t: text(en) }; put c {id: "1", a: 42, t: "the lease ends in March"}')
    rows("alter collection c retype field a to float; alter collection c retype field t to keyword")
    was = {"id": "1", "a": 42, "t": "the lease ends in March"}
    for change in ("show collections", "alter collection c drop field a", "delete c:1"):
        rows(change)
        whole, quote = resolved(ask, "c:1@1", "c:1@1.t[0..9]")
        assert json.loads(str(whole["record"])) == was
        assert (quote["quote"], quote["quote_current"]) == ("the lease", change != "delete c:1")
