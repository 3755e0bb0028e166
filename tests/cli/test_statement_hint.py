"""A statement that is typed as a command: the error says by which command it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.conftest import Paasq
from paasq_daemon.cli.main import app
from paasq_dsl.syntax.keywords import STATEMENT_KEYWORDS

COMMANDS = {each.callback.__name__ for each in app.registered_commands if each.callback} | {
    group.name for group in app.registered_groups
}


def _said(command: Paasq, *arguments: str) -> str:
    outcome = command(*arguments)
    assert outcome.code == 2
    return " ".join(outcome.err.replace("│", " ").split())


@pytest.mark.parametrize("word", sorted(STATEMENT_KEYWORDS - COMMANDS))
def test_each_word_that_begins_a_statement(command: Paasq, word: str) -> None:
    assert f"Statements are run by `query`: paasq query '{word} note'" in _said(command, word, "note")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (["from note | take 1"], "paasq query 'from note | take 1'"),
        (["forget", "note:a", "--data", "my store"], "paasq query 'forget note:a' --data 'my store'"),
        (["watch", "from", "note"], "paasq query 'watch from note'"),
        (["explain", "from note"], "paasq query 'explain from note'"),
    ],
)
def test_whatever_the_shell_makes_of_it(command: Paasq, typed: list[str], meant: str) -> None:
    assert _said(command, *typed).endswith(f"`query`: {meant} ╰{'─' * 98}╯")


def test_commands_and_words_of_neither_are_what_they_were(
    command: Paasq, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Did you mean 'status'?" in _said(command, "statu")
    assert "No such command 'nothing'" in _said(command, "nothing")
    assert command("explain", "PQ0202").code == 0
    monkeypatch.chdir(tmp_path)
    (tmp_path / "from").write_text("from")  # a script of this name can be watched all the same
    assert "Statements are run" not in command("watch", "from", "--socket", tmp_path / "none").err
