"""Diagnostics, answers and scripts as they are written for people and for programs."""

from __future__ import annotations

import csv
import io
import json

import pytest
import typer
from rich.cells import cell_len
from rich.console import Console

from paasq_daemon.cli.diagnostics import rendered
from paasq_daemon.cli.formats import Format, write
from paasq_daemon.cli.params import named
from paasq_daemon.cli.script import definitions_of, steps
from paasq_daemon.wire.messages import Answer, ColumnInfo
from paasq_dsl.diagnostics import Diagnostic, Edit
from paasq_dsl.source import Source, Span
from paasq_dsl.syntax.parse import parse

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
    first, second, third = steps(Source(SCRIPT))
    assert [step.title for step in (first, second, third)] == ["What is due, today.", "mine", "Documented."]
    assert first.text.strip() == "from task | where due < @tomorrow"
    assert "let mine" in second.text
    assert "param $me" in third.text
    assert "from mine" not in third.text


@pytest.mark.parametrize("at", range(3))
def test_a_step_keeps_every_place_and_parses(at: int) -> None:
    step = list(steps(Source(SCRIPT)))[at]
    assert SCRIPT[step.span.start : step.span.end] == step.text[step.span.start :]
    assert [i for i, c in enumerate(SCRIPT[: step.span.end]) if c == "\n"] == [
        i for i, c in enumerate(step.text) if c == "\n"
    ]
    script, diagnostics = parse(step.text)
    assert script.statements
    assert not diagnostics


def test_definitions_alone() -> None:
    assert definitions_of(Source(SCRIPT)).count(";\n") == 2
    assert not list(steps(Source(definitions_of(Source(SCRIPT)))))


def place(text: str, start: int, end: int, *, candidates: tuple[str, ...] = (), edit: Edit | None = None) -> str:
    source = Source(text, "x.paasq")
    return rendered(Diagnostic("PQ0202", Span(start, end), "no", candidates, edit).to_json(source), source).plain


def test_a_place_is_underlined() -> None:
    shown = place(
        "a;\nfrom x | where titel", 18, 23, candidates=("title", "tile"), edit=Edit(Span(0, 1), "", "write it")
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
    write(ANSWER, Format.JSON)
    shown = json.loads(capsys.readouterr().out)
    assert shown["rows"] == ROWS
    assert {"columns", "complete", "reason", "cursor", "seq", "elapsed_ms", "facets"} <= shown.keys()
    assert (shown["complete"], shown["reason"], shown["cursor"], shown["seq"]) == (False, "limit", "c1", 7)


def test_jsonl(capsys: pytest.CaptureFixture[str]) -> None:
    write(ANSWER, Format.JSONL)
    shown = capsys.readouterr()
    assert [json.loads(line) for line in shown.out.splitlines()] == ROWS
    assert "not complete (limit)" in shown.err


def test_csv(capsys: pytest.CaptureFixture[str]) -> None:
    write(ANSWER, Format.CSV)
    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == [
        ["name", "due", "tags"],
        ["a|b\nc", "1970-01-01T00:00:00Z", '["x","y"]'],
        ["", "", ""],
    ]


def test_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    write(ANSWER, Format.MARKDOWN)
    assert capsys.readouterr().out.splitlines() == [
        "| name | due | tags |",
        "|---|---|---|",
        r"| a\|b<br>c | 1970-01-01 00:00:00Z | x, y |",
        "|  |  |  |",
    ]


@pytest.mark.parametrize(
    ("width", "lines"),
    [
        (37, ["column0 ┃ column1 ┃ column2 ┃ column3", "words 0 │ words 1 │ words 2 │ words 3"]),
        (36, ["column0  words 0", "column2  words 2"]),
    ],
)  # fmt: skip
def test_columns_that_would_be_squeezed_stand_below_each_other(width: int, lines: list[str]) -> None:
    columns = tuple(ColumnInfo(f"column{at}", "text") for at in range(4))
    answer = Answer(columns, [[f"words {at}" for at in range(4)] for _ in range(2)])
    shown = io.StringIO()
    Console(file=shown, width=width).print(answer)
    assert [line.rstrip() for line in shown.getvalue().splitlines()[:3:2]] == lines


def test_params() -> None:
    given = ["n=3", "me=ana", 's="3"', "q=a=b", "empty="]
    assert named(given) == {"n": "3", "me": "ana", "s": '"3"', "q": "a=b", "empty": ""}


@pytest.mark.parametrize("bad", ["x", "=3", "a b=1"])
def test_bad_params(bad: str) -> None:
    with pytest.raises(typer.BadParameter):
        named([bad])
