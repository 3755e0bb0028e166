"""The table itself: what is counted, when a row ends, and when the command fails."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path

import pytest

from faults.trials import Trials, Unpromised
from torture.__main__ import torture
from torture.report import summary
from torture.row import Options, Outcome, Row, run
from torture.rows import ROWS


def outcome_of(
    trials: Iterable[str | None], tmp_path: Path, *, is_control: bool = False, seconds: float = 5
) -> Outcome:
    def generator(_: Options) -> Trials:
        yield from trials

    return run(Row("test", "a test", generator, is_control), Options(tmp_path / "row", 1, 1), seconds)


def test_what_went_wrong_is_a_violation(tmp_path: Path) -> None:
    outcome = outcome_of([None, "lost", None], tmp_path)
    assert (outcome.count, outcome.violations, outcome.whole) == (3, ["lost"], True)
    assert summary([outcome], 1) == 1


def test_a_row_that_fails_itself_is_one_too(tmp_path: Path) -> None:
    outcome = outcome_of(map({1: None}.__getitem__, (1, 2)), tmp_path)
    assert outcome.count == 1
    assert "KeyError(2)" in outcome.violations[0]


@pytest.mark.parametrize(("trials", "code"), [([None, "lost"], 0), ([None, None], 1)])
def test_a_control_must_lose_something(tmp_path: Path, trials: list[str | None], code: int) -> None:
    assert summary([outcome_of(trials, tmp_path, is_control=True)], 1) == code


def test_what_nobody_promised_is_counted_apart(capsys: pytest.CaptureFixture[str]) -> None:
    def trials(_: Options) -> Trials:
        yield from [Unpromised("hidden"), None, Unpromised("hidden")]

    assert summary(torture([Row("test", "a test", trials)], 5, 1, 1), 1) == 0
    assert "2 hidden" in capsys.readouterr().out


def test_an_endless_row_ends_with_its_time_and_runs_once_at_least(tmp_path: Path) -> None:
    outcome = outcome_of(itertools.repeat(None), tmp_path, seconds=0)
    assert (outcome.count, outcome.whole) == (1, False)


def test_what_cannot_run_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    row = Row("test", "a test", lambda _: pytest.fail("it ran"), lacks=lambda: "needs the moon")
    assert summary(torture([row], 5, 1, 1), 1) == 0
    assert "needs the moon" in capsys.readouterr().out


def test_each_row_can_be_named() -> None:
    names = [row.what for row in ROWS]
    assert len({*names}) == len(names)
    assert [name for name in names if "," in name] == []  # which separates the names that --only takes
