"""paasq schema: the schema as a script, what differs from one, and what brings the store to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Paasq

BEFORE = """\
/// What was noted.
collection note {
  key id: keyword
  title: text(en)
  n: text
  old: int
};

view long = from note | where n > "1";
"""
AFTER = """\
/// What was noted, better.
collection note {
  key id: keyword
  heading: text(en)
  n: int default 0
  twice: int = n * 2
};
collection tag { key id: keyword  of: link<note> };
view long = from note | where n > 1;
from note
"""
PUTS = 'put note [{id: "a", title: "x", n: "12", old: 3}, {id: "b"}];\n'


@pytest.fixture
def script(command: Paasq, tmp_path: Path) -> Path:
    """A script that declares another schema than the store has."""
    first, second = tmp_path / "before.paasq", tmp_path / "after.paasq"
    first.write_text(BEFORE + PUTS)
    second.write_text(AFTER)
    assert command("run", first).code == 0
    return second


def test_dump_is_what_was_declared(command: Paasq, script: Path) -> None:
    assert command("schema", "dump").out == BEFORE
    assert command("schema", "diff", script.with_name("before.paasq")).code == 0
    assert "equal" in command("schema", "apply", script.with_name("before.paasq")).err


def test_diff_says_what_loses_data_or_may_fail(command: Paasq, script: Path) -> None:
    outcome = command("schema", "diff", script, "--rename", "note.title=heading")
    assert outcome.code == 1
    assert outcome.out.splitlines()[:7] == [
        "alter collection note rename field title to heading;",
        "// loses data: the values of note.old, which is not declared",
        "alter collection note drop field old;",
        "// may fail: every value must be int",
        "alter collection note redefine field n: int default 0;",
        "// may fail: its value must be computable of every record",
        "alter collection note add field twice: int = n * 2;",
    ]
    changes = command("run", script).err
    assert "PQ0605" in changes


def test_diff_is_a_script_that_does_it(command: Paasq, script: Path, tmp_path: Path) -> None:
    steps = tmp_path / "steps.paasq"
    steps.write_text(command("schema", "diff", script, "--rename", "note.title=heading").out)
    assert command("run", steps).code == 0
    assert command("schema", "diff", script).code == 0


def test_apply_tries_unless_told(command: Paasq, script: Path) -> None:
    before = command("query", "from note", "-f", "jsonl").out
    outcome = command("schema", "apply", script, "--drop")
    assert outcome.code == 0
    assert "// 2 records\n" in outcome.out
    assert "rolled back" in outcome.err
    assert command("query", "from note", "-f", "jsonl").out == before
    assert command("schema", "dump").out == BEFORE


def test_apply_refuses_a_loss(command: Paasq, script: Path) -> None:
    for options in ((), ("--yes",)):
        outcome = command("schema", "apply", script, *options)
        assert outcome.code == 1
        assert "--drop" in outcome.err
        assert command("schema", "dump").out == BEFORE


def test_apply_converts_and_keeps(command: Paasq, script: Path) -> None:
    assert command("schema", "apply", script, "--yes", "--drop", "--rename", "note.title=heading").code == 0
    rows = command("query", "from note | sort id | select id, heading, n, twice, _version", "-f", "json").json["rows"]
    assert rows == [
        {"id": "a", "heading": "x", "n": 12, "twice": 24, "_version": 3},
        {"id": "b", "heading": None, "n": None, "twice": None, "_version": 2},
    ]
    assert command("schema", "diff", script).code == 0


def test_a_record_that_does_not_fit_leaves_all_as_it_was(command: Paasq, script: Path) -> None:
    command("query", 'put note {id: "c", n: "many"}')
    outcome = command("schema", "apply", script, "--yes", "--drop")
    assert outcome.code == 1
    assert "change 3 of 8, alter collection note redefine field n: int default 0" in outcome.err
    assert "such as 'many' of note:c; nothing is changed" in outcome.err
    assert command("schema", "dump").out == BEFORE


def test_what_is_not_declared_stays_but_with_whole(command: Paasq, script: Path) -> None:
    command("query", "collection other { key id: keyword }")
    options = ("--drop", "--yes", "--rename", "note.title=heading")
    assert command("schema", "apply", script, *options).code == 0
    assert "collection other" in command("schema", "dump").out
    whole = command("schema", "diff", script, "--whole")
    assert (
        whole.out
        == "// loses data: other and its records, which is not declared\ndrop collection other and its records;\n"
    )
    assert command("schema", "apply", script, "--whole", "--drop", "--yes").code == 0
    assert command("schema", "diff", script, "--whole").code == 0


def test_a_key_is_not_exchanged(command: Paasq, script: Path) -> None:
    other = script.with_name("key.paasq")
    other.write_text("collection note { key slug: keyword  title: text(en)  n: text  old: int }")
    outcome = command("schema", "apply", other, "--yes")
    assert outcome.code == 1
    assert "the key of note is id, and slug is declared" in outcome.err
    assert "// impossible: the key of note is id" in command("schema", "diff", other).out
    assert command("schema", "apply", other, "--yes", "--rename", "note.id=slug").code == 0
    assert command("query", "note:a", "-f", "json").code != 0
    assert command("query", 'from note | where slug == "a" | select slug', "-f", "json").json["rows"] == [{"slug": "a"}]


@pytest.mark.parametrize("rename", ["note=x", "note.title", "note.gone=heading", "gone.title=heading", "note.n=twice"])
def test_a_rename_that_leads_nowhere(command: Paasq, script: Path, rename: str) -> None:
    outcome = command("schema", "apply", script, "--drop", "--rename", rename)
    assert (outcome.code == 0) is (rename == "note.n=twice")
    assert command("schema", "diff", script, "--rename", rename).code != 0


def test_a_script_with_a_mistake(command: Paasq, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.paasq"
    wrong.write_text("collection note { key id: kyword }")
    for name in ("diff", "apply"):
        outcome = command("schema", name, wrong)
        assert outcome.code == 1
        assert "PQ0204" in outcome.err


def test_into_nothing(command: Paasq, script: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    assert "collection tag" in command("schema", "diff", script, "--data", empty).out
    assert command("schema", "apply", script, "--yes", "--data", empty).code == 0
    assert command("schema", "diff", script, "--whole", "--data", empty).code == 0
