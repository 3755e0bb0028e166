"""Diagnostics, answers and scripts as they are written for people and for programs."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest
import typer
from rich.cells import cell_len
from rich.console import Console

from paasq_daemon.cli.answer_output import AnswerFormat, write_answer
from paasq_daemon.cli.diagnostic_text import rendered
from paasq_daemon.cli.parameter_values import parse_assignments
from paasq_daemon.cli.script_steps import definitions_of, steps
from paasq_daemon.wire.answer import Answer, ColumnInfo, FacetCount
from paasq_daemon.wire.answer_table import answer_table
from paasq_dsl.diagnostics import Diagnostic, Fix
from paasq_dsl.source_text import SourceText, Span
from paasq_dsl.syntax.parser import parse_script

SCRIPT = """// A morning.

// What is due,
// today.
from task | where due < @tomorrow;

param $me: keyword = "ana";
let mine = from task | where owner == $me;  /* mine */ from mine | take 3;

/// Documented.
from task | where title == "a;b" | take 1
"""


def test_steps_have_titles_and_stand_on_definitions() -> None:
    first, second, third = steps(SourceText(SCRIPT))
    assert [step.title for step in (first, second, third)] == ["What is due, today.", "mine", "Documented."]
    assert first.text.strip() == "from task | where due < @tomorrow"
    assert "let mine" in second.text
    assert "param $me" in third.text
    assert "from mine" not in third.text


@pytest.mark.parametrize("at", range(3))
def test_a_step_keeps_every_place_and_parses(at: int) -> None:
    step = list(steps(SourceText(SCRIPT)))[at]
    assert SCRIPT[step.span.start : step.span.end] == step.text[step.span.start :]
    assert [i for i, c in enumerate(SCRIPT[: step.span.end]) if c == "\n"] == [
        i for i, c in enumerate(step.text) if c == "\n"
    ]
    script, diagnostics = parse_script(step.text)
    assert script.statements
    assert not diagnostics


def test_definitions_alone() -> None:
    assert definitions_of(SourceText(SCRIPT)).count(";\n") == 2
    assert not list(steps(SourceText(definitions_of(SourceText(SCRIPT)))))


def place(text: str, start: int, end: int, *, candidates: tuple[str, ...] = (), edit: Fix | None = None) -> str:
    source = SourceText(text, "x.paasq")
    return rendered(Diagnostic("PQ0202", Span(start, end), "no", candidates, edit).to_json(source), source).plain


def test_a_place_is_underlined() -> None:
    shown = place(
        "a;\nfrom x | where titel", 18, 23, candidates=("title", "tile"), edit=Fix(Span(0, 1), "", "write it")
    )
    assert shown.splitlines() == [
        "error[PQ0202]: no",
        "  --> x.paasq:2:16",
        "   |",
        " 2 | from x | where titel",
        "   |                ^^^^^ did you mean title or tile?",
        "   = mend: write it",
    ]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("日本 titel", 3, 8),
        ("\ttitel", 1, 6),
        ("x" * 5000 + "titel" + "y" * 5000, 5000, 5005),
        ("\x1b[31mtitel", 5, 10),
    ],
)
def test_the_underline_stands_below_its_place(text: str, start: int, end: int) -> None:
    lines = place(text, start, end).splitlines()
    assert cell_len(lines[4].rstrip("^")) == cell_len(lines[3][: lines[3].index("titel")])
    assert lines[4].count("^") == 5
    assert len(lines[3]) < 200
    assert "\x1b" not in lines[3]


@pytest.mark.parametrize(("start", "end"), [(3, 3), (3, 9), (0, 99)])
def test_places_at_and_over_the_end(start: int, end: int) -> None:
    assert "^" in place("abc", start, end)
    assert "^" in place("", 0, 1)


ANSWER = Answer(
    (ColumnInfo("name", "text"), ColumnInfo("due", "time"), ColumnInfo("tags", "[keyword]")),
    [["a|b\nc", 0, ["x", "y"]], [None, None, None]],
    complete=False,
    reason="limit",
    cursor="c1",
    seq=7,
)
ROWS = [
    {"name": "a|b\nc", "due": "1970-01-01T00:00:00Z", "tags": ["x", "y"]},
    {"name": None, "due": None, "tags": None},
]


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    write_answer(ANSWER, AnswerFormat.JSON)
    shown = json.loads(capsys.readouterr().out)
    assert shown["rows"] == ROWS
    assert {"columns", "complete", "reason", "cursor", "seq", "elapsed_ms", "facets"} <= shown.keys()
    assert (shown["complete"], shown["reason"], shown["cursor"], shown["seq"]) == (False, "limit", "c1", 7)


def test_jsonl(capsys: pytest.CaptureFixture[str]) -> None:
    write_answer(ANSWER, AnswerFormat.JSONL)
    shown = capsys.readouterr()
    assert [json.loads(line) for line in shown.out.splitlines()] == ROWS
    assert "not complete (limit)" in shown.err


def test_csv(capsys: pytest.CaptureFixture[str]) -> None:
    write_answer(ANSWER, AnswerFormat.CSV)
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == [
        ["name", "due", "tags"],
        ["a|b\nc", "1970-01-01T00:00:00Z", '["x","y"]'],
        ["", "", ""],
    ]


def test_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    write_answer(ANSWER, AnswerFormat.MARKDOWN)
    assert capsys.readouterr().out.splitlines() == [
        "| name | due | tags |",
        "|---|---|---|",
        r"| a\|b<br>c | 1970-01-01 00:00:00Z | x, y |",
        "|  |  |  |",
    ]


WIDE = Answer(
    (ColumnInfo("id", "keyword"), ColumnInfo("body", "text"), ColumnInfo("note", "text"), ColumnInfo("n", "int")),
    [["a", "a long text", "another long text", 1], ["b", "short", None, 22]],
)


def lines_of(answer: Answer, columns: int) -> list[str]:
    console = Console(width=columns, color_system=None)
    with console.capture() as capture:
        console.print(answer_table(answer))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_a_grid_where_its_columns_can_be_read() -> None:
    assert lines_of(WIDE, 38)[:4] == [
        "id ┃ body        ┃ note           ┃  n",
        "━━━╇━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━╇━━━",
        "a  │ a long text │ another long   │  1",
        "   │             │ text           │",
    ]


def test_rows_one_below_the_other_where_they_are_too_wide_for_a_grid() -> None:
    assert lines_of(WIDE, 30)[:-1] == [
        "━━ 1",
        "id    a",
        "body  a long text",
        "note  another long text",
        "n     1",
        "━━ 2",
        "id    b",
        "body  short",
        "n     22",
    ]


def test_too_many_columns_of_no_rows() -> None:
    assert lines_of(replace(WIDE, rows=[]), 12)[:2] == ["id, body,", "note, n"]


def test_facets_are_shown_in_the_zone() -> None:
    counts = {
        "day": [FacetCount("2026-11-21T23:00:00Z", 2), FacetCount(None, 1)],
        "tag": [FacetCount("2026-11-21T23:00:00Z", 1)],
    }
    types = {"day": "time", "tag": "keyword"}
    answer = replace(WIDE, rows=[], facets=counts, facet_types=types, zone="Europe/Oslo")
    assert lines_of(answer, 80)[2:-1] == [
        "",
        "day        ┃ count",
        "━━━━━━━━━━━╇━━━━━━",
        "2026-11-22 │     2",
        "           │     1",
        "",
        "tag                  ┃ count",
        "━━━━━━━━━━━━━━━━━━━━━╇━━━━━━",
        "2026-11-21T23:00:00Z │     1",
        "",
    ]


def test_params() -> None:
    given = ["n=3", "me=ana", 's="3"', "q=a=b", "empty="]
    assert parse_assignments(given) == {"n": "3", "me": "ana", "s": '"3"', "q": "a=b", "empty": ""}


@pytest.mark.parametrize("bad", ["x", "=3", "a b=1"])
def test_bad_params(bad: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse_assignments([bad])
