"""Commands that read scripts and open no store: check, fmt, explain; and wrong usage."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Paasq
from paasq_dsl.diagnostics import MESSAGES

SAMPLES = Path(__file__).parents[2] / "samples"
SCHEMA = "collection task { key id: keyword  title: text(en)  done: bool };\n"


def test_check_knows_what_earlier_files_declare(command: Paasq, folder: Path) -> None:
    outcome = command("check", SAMPLES / "peps" / "schema.paasq", SAMPLES / "peps" / "tour.paasq")
    assert outcome.code == 0, outcome.err
    assert not folder.exists()  # checking makes no store


def test_check_shows_the_place(command: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "x.paasq"
    script.write_text(SCHEMA + "from task | where doen | take 3")
    outcome = command("check", script)
    assert outcome.code == 1
    assert "error[PQ0202]" in outcome.err
    assert "x.paasq:2:19" in outcome.err
    assert "did you mean done?" in outcome.err


def test_check_of_a_missing_file(command: Paasq) -> None:
    outcome = command("check", "none.paasq")
    assert outcome.code == 1
    assert "none.paasq cannot be read" in outcome.err
    assert "mend: " in outcome.err


def test_fmt(command: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "x.paasq"
    script.write_text("from   task|where done|take 3 // three")
    assert command("fmt", "--check", script).code == 1
    assert script.read_text() == "from   task|where done|take 3 // three"
    assert command("fmt", script).code == 0
    assert "where done" in script.read_text()
    assert "// three" in script.read_text()
    again = command("fmt", "--check", script)
    assert (again.code, again.err) == (0, "")


def test_fmt_leaves_a_broken_file_alone(command: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "x.paasq"
    script.write_text("from task|wher done")
    outcome = command("fmt", script)
    assert outcome.code == 1
    assert "did you mean where?" in outcome.err
    assert script.read_text() == "from task|wher done"


@pytest.mark.parametrize(
    ("code", "words"),
    [("PQ0202", "has no field"), ("pq8002", "another process has the data folder open"), ("PQ0001", "QueryError")],
)
def test_explain(command: Paasq, code: str, words: str) -> None:
    outcome = command("explain", code)
    assert outcome.code == 0
    assert words in outcome.out


def test_explain_lists_every_code(command: Paasq) -> None:
    shown = command("explain")
    assert shown.code == 0
    assert all(f"  {code}  " in shown.out for code in MESSAGES)


@pytest.mark.parametrize(
    "arguments",
    [
        ("explain", "PQ77"),
        ("nonsense",),
        ("query",),
        ("query", "from task", "-p", "x"),
        ("query", "x", "--format", "xml"),
    ],
)
def test_wrong_usage_is_2(command: Paasq, arguments: tuple[str, ...]) -> None:
    outcome = command(*arguments)
    assert outcome.code == 2
    assert outcome.err
    assert not outcome.out


def test_no_daemon(command: Paasq, folder: Path) -> None:
    outcome = command("query", "from task", "--socket", folder / "none.sock")
    assert outcome.code == 1
    assert outcome.err.startswith("error[PQ6004]: no daemon answers at")
    assert "start one with `paasq serve`" in outcome.err


def test_version_and_help(command: Paasq) -> None:
    assert command("--version").out.startswith("paasq 0.")
    assert "snapshot" in command("--help").out
