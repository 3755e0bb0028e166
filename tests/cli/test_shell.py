"""The shell, typed at by a test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

import paasq
from cli.conftest import Paasq
from paasq_daemon.cli.prompt import PromptCompleter

ENTER, CTRL_C, CTRL_D = "\r", "\x03", "\x04"


@pytest.fixture
def keys() -> Iterator[PipeInput]:
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        yield pipe


def test_statements_over_several_lines(command: Paasq, keys: PipeInput, folder: Path) -> None:
    typed = [
        "collection task { key id: keyword  n: int };" + ENTER,
        "put task [{id: 'a'}" + CTRL_C,  # thrown away
        'put task [{id: "a", n: 1},' + ENTER + '{id: "b", n: 2}];' + ENTER,
        "let large = from task" + ENTER + "| where n > 1;" + ENTER,
        "from large | select id;" + ENTER,
        CTRL_D,
    ]
    keys.send_text("".join(typed))
    outcome = command("shell")
    assert outcome.code == 0
    assert not outcome.err
    *_, header, _rule, row, labels = outcome.out.splitlines()
    assert (header.strip(), row.strip()) == ("id", "b")
    assert labels.startswith("1 row")
    assert "from large" in (folder / "shell_history").read_text()


def test_an_error_ends_nothing(command: Paasq, keys: PipeInput) -> None:
    keys.send_text("from tsk;" + ENTER + "collection task { key id: keyword };" + ENTER + "from task;" + ENTER + CTRL_D)
    outcome = command("shell")
    assert outcome.code == 0
    assert "there is no collection tsk" in outcome.err
    assert "0 rows" in outcome.out


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("from appoin", "from appointment"),
        ("from appointment | wher", "from appointment | where"),
        ("from appointment | where pla", "from appointment | where place"),
        ('from appointment | where place == "Of', 'from appointment | where place == "Office"'),
    ],
)
def test_what_is_offered_fits_what_is_typed(folder: Path, typed: str, completed: str) -> None:
    with paasq.open(folder) as store:
        store.query("collection appointment { key id: keyword  place: keyword }")
        store.put("appointment", {"id": "a", "place": "Office"})
        document = Document(typed)
        offered = next(iter(PromptCompleter(store).get_completions(document, CompleteEvent())))
    text = document.text[: len(typed) + offered.start_position] + offered.text
    assert text.removesuffix(" ").removesuffix('"') == completed.removesuffix('"')
