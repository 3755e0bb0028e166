"""`make bench`: how long everything takes, beside the baseline that is kept here, or beside another revision."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

from paasq_daemon.index.blas_threads import limit_blas_threads

limit_blas_threads()  # as the daemon does; it must come before numpy

from rich.console import Console  # noqa: E402

from bench import report, revisions  # noqa: E402
from bench.comparison import Compared, compare, scale_between  # noqa: E402
from bench.figures import BASELINE, Options, Run  # noqa: E402
from bench.machine import this_commit, this_machine  # noqa: E402
from bench.suite import groups  # noqa: E402

BASELINE_TOLERANCE = 1.25  # runs of different days differ by a tenth or two without a cause in the code
AGAINST_TOLERANCE = 1.1


def main() -> None:
    given = _arguments()
    console = Console(width=None if Console().is_terminal else 130)
    if given.against:
        _against(console, given)
        return
    run = _measured(console, given)
    for path in filter(None, (given.json, BASELINE if given.record else None)):
        run.write(path)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rows", type=int, action="append", help="of the collection measured; may be given repeatedly")
    parser.add_argument("--quick", action="store_true", help="few rows, few repeats: does it all still run?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--record", action="store_true", help=f"make the figures the baseline, {BASELINE.name}")
    parser.add_argument("--against", metavar="REVISION", help="measure that revision of Git and these sources in turn")
    parser.add_argument("--rounds", type=int, default=3, help="of both, with --against")
    parser.add_argument("--tolerance", type=float, help="the ratio beyond which a figure is marked as slower")
    return parser.parse_args()


def _measured(console: Console, given: argparse.Namespace) -> Run:
    """Measure, and print each group beside the baseline as soon as it is there."""
    rows = given.rows or ([2_000] if given.quick else [18_000, 100_000])
    options = Options(rows, *((0.05, 100, 20_000) if given.quick else (0.5, 1_000, 200_000)))
    run = Run(this_machine(), this_commit(), datetime.now(UTC).isoformat(timespec="seconds"), options, [])
    baseline = Run.read(BASELINE) if BASELINE.exists() else None
    console.print(f"{run.commit}, {run.machine}", soft_wrap=True)
    compared: list[Compared] = []
    for group in groups(options):
        run.figures.extend(group)
        if baseline and not compared:
            console.print(report.told_of_baseline(run, baseline), soft_wrap=True)
        scale = scale_between(run, baseline) if baseline else 1.0
        found = compare([replace(run, figures=group)], [baseline] if baseline else [], scale)
        console.print(report.table(found, given.tolerance or BASELINE_TOLERANCE))
        compared += found
    if baseline:
        console.print(report.summary(compared, given.tolerance or BASELINE_TOLERANCE), soft_wrap=True)
    else:
        console.print("There is no baseline: make bench-baseline records one.")
    return run


def _against(console: Console, given: argparse.Namespace) -> None:
    """Print medians over the rounds. The machine is the same for both, so nothing is calibrated."""
    arguments = [word for rows in given.rows or [] for word in ("--rows", str(rows))] + ["--quick"] * given.quick
    console.print(str(this_machine()), soft_wrap=True)
    rounds: list[tuple[Run, Run]] = []
    try:
        for now, before in revisions.alternate(given.against, arguments, given.rounds):
            rounds.append((now, before))
            console.print(f"Round {len(rounds)} of {given.rounds}: {before.commit}, then {now.commit}")
    except revisions.NoFiguresError:
        console.print(f"The benchmark of {given.against} writes no JSON, so there is nothing to compare figures with.")
        raise SystemExit(1) from None
    compared = compare([now for now, _ in rounds], [before for _, before in rounds])
    tolerance = given.tolerance or AGAINST_TOLERANCE
    for _, found in groupby(compared, key=lambda found: found.figure.group):
        console.print(report.table(list(found), tolerance))
    console.print(report.summary(compared, tolerance), soft_wrap=True)


if __name__ == "__main__":
    main()
