"""Two sides of a comparison, figure by figure. A ratio above 1 is slower, whatever the unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import geometric_mean, median

from bench.calibration import GROUP as CALIBRATION
from bench.figures import Figure, Run


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of both sides: the median over the rounds, the median of the rounds' ratios, the least and the greatest."""

    figure: Figure  # of the last round, with the median over all of them
    before: float | None  # None where the other side has no such figure, and then no ratio
    ratio: float = 1.0
    ratio_min: float = 1.0
    ratio_max: float = 1.0

    def verdict(self, tolerance: float) -> str:
        """`slower` or `faster` where the ratio is beyond the tolerance, and every round says at least the same direction."""
        if self.ratio > tolerance and self.ratio_min > 1:
            return "slower"
        return "faster" if self.ratio < 1 / tolerance and self.ratio_max < 1 else ""


def compare(now: Sequence[Run], before: Sequence[Run], scale: float = 1.0) -> list[Compared]:
    """Figures of `now`, each with that of `before` in the same round. Ratios are divided by `scale`."""
    new, old = [_by_key(run) for run in now], [_by_key(run) for run in before]
    return [_compared([figures[key] for figures in new], [f.get(key) for f in old], scale) for key in new[-1]]


def calibrated(now: Run, before: Run) -> float:
    """How many times slower the machine of `now` does the fixed work: the geometric mean. 1 where that was not measured."""
    ratios = [found.ratio for found in compare([now], [before]) if found.figure.group == CALIBRATION and found.before]
    return geometric_mean(ratios) if ratios else 1.0


def scale_between(now: Run, before: Run) -> float:
    """What to divide ratios by: 1 on one machine, where they mean something by themselves."""
    return 1.0 if now.machine.hardware == before.machine.hardware else calibrated(now, before)


def _by_key(run: Run) -> dict[tuple[str, str], Figure]:
    return {figure.key: figure for figure in run.figures}


def _compared(now: list[Figure], before: list[Figure | None], scale: float) -> Compared:
    last = now[-1]
    p95 = None if last.p95 is None else median(figure.p95 or figure.median for figure in now)
    figure = Figure(*last.key, last.unit, median(f.median for f in now), p95, last.note)
    pairs = [(new, old) for new, old in zip(now, before, strict=False) if old is not None]
    if not pairs:
        return Compared(figure, None)
    ratios = sorted(_slowness(new, old) / scale for new, old in pairs)
    return Compared(figure, median(old.median for _, old in pairs), median(ratios), ratios[0], ratios[-1])


def _slowness(now: Figure, before: Figure) -> float:
    return now.median / before.median if now.unit in ("ms", "x") else before.median / now.median
