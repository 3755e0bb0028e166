"""The benchmark's arithmetic: what is compared with what, and when a figure is called slower."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.calibration import GROUP
from bench.comparison import Compared, calibrated, compare, scale_between
from bench.figures import BASELINE, Figure, Options, Run, Unit
from bench.machine import Machine
from bench.report import summary, told_of_baseline

HERE = Machine("one", 2, 8, {"Python": "3.11.2"})
ELSEWHERE = Machine("another", 64, 512, {"Python": "3.11.2"})


def run(*medians: float, unit: Unit = "ms", machine: Machine = HERE, calibration: float = 10.0) -> Run:
    """Figures a, b, ... and one of the calibration."""
    figures = [Figure("all", name, unit, value, value * 2) for name, value in zip("abc", medians, strict=False)]
    kept = [Figure(GROUP, "work", "ms", calibration), *figures]
    return Run(machine, "0123456789ab", "2026-11-22T09:00:00+00:00", Options([2_000], 0.5, 100), kept)


def compared(now: list[Run], before: list[Run], scale: float = 1.0) -> Compared:
    return {found.figure.name: found for found in compare(now, before, scale)}["a"]


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    written = run(1.5, 2.5)
    written.write(tmp_path / "run.json")
    assert Run.read(tmp_path / "run.json") == written


def test_another_format_is_refused(tmp_path: Path) -> None:
    run(1).write(tmp_path / "run.json")
    kept = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(kept | {"format": 2}))
    with pytest.raises(ValueError, match="format 2"):
        Run.read(tmp_path / "run.json")


def test_more_milliseconds_are_slower_and_more_a_second_faster() -> None:
    assert compared([run(3)], [run(2)]).ratio == 1.5
    assert compared([run(3, unit="1/s")], [run(2, unit="1/s")]).ratio == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("now", "verdict"),
    [(12.6, "slower"), (12.4, ""), (10.0, ""), (8.1, ""), (7.9, "faster")],
)
def test_within_the_tolerance_nothing_is_said(now: float, verdict: str) -> None:
    assert compared([run(now)], [run(10)]).verdict(1.25) == verdict


def test_rounds_are_compared_one_by_one() -> None:
    """The machine slows down to a half in the second round, for both sides."""
    found = compared([run(12), run(24), run(12)], [run(10), run(20), run(10)])
    assert (found.figure.median, found.before) == (12, 10)
    assert (found.ratio_min, found.ratio, found.ratio_max) == (1.2, 1.2, 1.2)


def test_a_figure_is_slower_only_if_every_round_says_so() -> None:
    found = compared([run(15), run(15), run(9)], [run(10)] * 3)
    assert (found.ratio_min, found.ratio, found.ratio_max) == (0.9, 1.5, 1.5)
    assert found.verdict(1.1) == ""


def test_a_figure_that_is_new_has_no_ratio() -> None:
    found = compare([run(1, 2)], [run(1)])
    assert [(each.figure.name, each.before) for each in found] == [("work", 10), ("a", 1), ("b", None)]
    assert "0 of 2 figures are slower" in summary(found, 1.25)
    assert "1 have nothing to be compared with" in summary(found, 1.25)


def test_slower_figures_are_named_at_the_end() -> None:
    assert "1.50  all: a" in summary(compare([run(15, 10)], [run(10, 10)]), 1.25)


def test_another_machine_is_measured_by_the_calibration() -> None:
    now, before = run(30, machine=ELSEWHERE, calibration=20), run(10)
    assert calibrated(now, before) == pytest.approx(2)
    assert compared([now], [before], scale_between(now, before)).ratio == pytest.approx(1.5)
    assert "another machine, which takes 2.00 times" in told_of_baseline(now, before)


def test_a_busy_machine_is_told_and_its_ratios_stay() -> None:
    now, before = run(30, calibration=20), run(10)
    assert scale_between(now, before) == 1
    assert "takes 2.00 times as long for the calibration today" in told_of_baseline(now, before)


@pytest.mark.skipif(not BASELINE.exists(), reason="make bench-baseline has not been run")
def test_the_baseline_can_be_read() -> None:
    baseline = Run.read(BASELINE)
    assert {figure.group for figure in baseline.figures} >= {GROUP, "editor"}
    assert not baseline.commit.endswith("-dirty")
