"""A definition is read with the catalog of the statements that use it, and of no others."""

from __future__ import annotations

import pytest

from programs.conftest import Rows

USED_BEFORE = {
    "let": "let some = from note | where n > 1; from some; alter collection note drop field n;",
    "let behind a let": "let some = from note | where n > 1; let one = from some | take 1; from one;"
    " alter collection note drop field n;",
    "fn": "fn named(who: link<archive>): text = who->title; drop collection archive and its records;",
    "param": "param $of: link<archive> = archive:x; drop collection archive and its records;",
}
MADE_BY_A_CHANGE = {
    "let": "let some = from note | where rank > 1 | select id; from some",
    "fn": "fn of(who: link<note>): int = who->rank; from note | where of(note:a) > 1 | take 1 | select id",
    "param": "param $most: int = 1; from note | where rank > $most | take 3 | select id",
}


@pytest.mark.parametrize("text", USED_BEFORE.values(), ids=USED_BEFORE)
def test_a_definition_that_is_used_no_more_may_name_what_is_gone(rows: Rows, text: str) -> None:
    assert rows(f"{text} from person | select id") == [["mira"]]


@pytest.mark.parametrize("text", MADE_BY_A_CHANGE.values(), ids=MADE_BY_A_CHANGE)
def test_a_definition_behind_several_changes_names_what_they_made(rows: Rows, text: str) -> None:
    """Each of the changes is followed by a binding of what is next, in whose catalog there is no rank."""
    changes = """
        alter collection note add field seen: bool; from note | where seen;
        alter collection note rename field seen to known; alter collection note add field rank: int default 2;
    """
    assert rows(changes + text)[0] == ["a"]


def test_definitions_are_there_behind_a_change(rows: Rows) -> None:
    text = """
        param $least: int = 2; fn twice(n: int): int = n * 2;
        let large = from note | where twice(n) >= twice($least);
        alter collection note add field seen: bool; alter collection note rename field seen to known;
        from large | select id
    """
    assert rows(text) == [["b"]]
