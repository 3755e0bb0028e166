"""The moment and the time zone of a script."""

from __future__ import annotations

from pathlib import Path

from cli.conftest import Paasq

SCRIPT = """
collection m { key id: keyword  at: time };
put m [{id: "a", at: @now}, {id: "b", at: @2026-11-22T12:00Z}];
from m | select id, at, same = at == @now, hour = hour(at)
"""


def test_one_moment_for_all_statements(command: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "x.paasq"
    script.write_text(SCRIPT)
    rows = command("run", script, "--format", "csv").out.splitlines()[1:]
    assert [row.split(",")[2] for row in rows] == ["true", "false"]


def test_a_moment_and_a_zone_that_are_given(command: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "x.paasq"
    script.write_text(SCRIPT)
    outcome = command("run", script, "--format", "csv", "--zone", "Europe/Oslo", "--now", "2026-07-01")
    assert outcome.out.splitlines()[1:] == ["a,2026-06-30T22:00:00Z,true,0", "b,2026-11-22T12:00:00Z,false,13"]
    shown = command("query", "from m | where id == $id | select at", "-p", "id=b", "--zone", "Europe/Oslo").out
    assert "2026-11-22 13:00:00+01:00" in shown
    dates = command("query", 'zone "Europe/Oslo"; from m | select day = date(at)').out
    assert "2026-07-01\n" in dates.replace(" ", "")


def test_what_is_no_moment_and_no_zone(command: Paasq, tmp_path: Path) -> None:
    outcome = command("query", "from m", "--now", "noon")
    assert (outcome.code, "--now" in outcome.err) == (2, True)
    script = tmp_path / "x.paasq"
    script.write_text(SCRIPT)
    wrong = command("run", script, "--zone", "Oslo")
    assert wrong.code == 1
    assert "did you mean Europe/Oslo?" in wrong.err
