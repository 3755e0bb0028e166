"""Comparisons as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from bench.comparison import Compared, calibrated
from bench.figures import Run
from bench.timing import milliseconds

DRIFT = 1.1  # of the calibration: beyond it the machine itself is not as fast as it was


def table(compared: Sequence[Compared], tolerance: float) -> Table:
    """The figures of one group. Ratios above 1 are slower; the range is that of the rounds."""
    first = compared[0].figure
    made = Table(title=f"{first.group}; {_unit(first.unit)}", title_justify="left")
    for heading in ("", "median", "p95", "before", "ratio", "", "beside"):
        made.add_column(heading, justify="left" if heading in {"", "beside"} else "right")
    for found in compared:
        figure = found.figure
        times = [_digits(number) for number in (figure.median, figure.p95, found.before)]
        made.add_row(figure.name, *times, _ratio(found), found.verdict(tolerance), figure.note)
    return made


def told_of_baseline(now: Run, baseline: Run) -> str:
    """What was measured when, and how far the two machines can be compared."""
    speed = calibrated(now, baseline)
    said = f"Before: {baseline.commit}, {baseline.date}, {baseline.machine.hardware}."
    slower = f"{speed:.2f} times as long for the calibration"
    if baseline.machine.hardware != now.machine.hardware:
        said += f"\nThis is another machine, which takes {slower}. Ratios are divided by that: a hint, no measurement."
    elif not 1 / DRIFT < speed < DRIFT:
        said += f"\nThe machine takes {slower} today: other work runs on it, or its clock is another."
    if baseline.machine.versions != now.machine.versions:
        said += f"\nOther versions then: {', '.join(f'{n} {v}' for n, v in baseline.machine.versions.items())}."
    return said


def summary(compared: Sequence[Compared], tolerance: float) -> str:
    """The last line: how many figures could be compared, and which are slower."""
    both = [found for found in compared if found.before is not None]
    slower = [found for found in both if found.verdict(tolerance) == "slower"]
    named = "".join(f"\n  {found.ratio:.2f}  {found.figure.group}: {found.figure.name}" for found in slower)
    alone = f"; {len(compared) - len(both)} have nothing to be compared with" if len(both) < len(compared) else ""
    return f"{len(slower)} of {len(both)} figures are slower than {tolerance} times before{alone}{named}"


def _digits(value: float | None) -> str:
    return "" if value is None else milliseconds(value)


def _ratio(found: Compared) -> str:
    if found.before is None:
        return ""
    rounds = f" ({found.ratio_min:.2f} to {found.ratio_max:.2f})" if found.ratio_min != found.ratio_max else ""
    return f"{found.ratio:.2f}{rounds}"


def _unit(unit: str) -> str:
    return {"ms": "milliseconds", "1/s": "how often a second", "MB/s": "megabytes a second", "x": "times"}[unit]
