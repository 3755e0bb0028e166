"""A row of the table: one kind of mistreatment, done again and again, each time with the question what it cost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from faults.trials import Trials, Unpromised


@dataclass(frozen=True)
class Options:
    """`folder` is new and empty, `seed` is what all chance comes from, `stride` says which calls a sweep interrupts."""

    folder: Path
    seed: int
    stride: int


@dataclass(frozen=True)
class Row:
    """`group` is what `--only` names. A control must lose something: where nothing goes wrong its test proves nothing.
    `lacks` says why the row cannot run here, "" where it can."""

    group: str
    what: str
    trials: Callable[[Options], Trials]
    is_control: bool = False
    lacks: Callable[[], str] = lambda: ""


@dataclass
class Outcome:
    """`whole` tells whether the trials came to their own end, or time ran out before."""

    row: Row
    count: int = 0
    problems: list[str] = field(default_factory=list)
    unpromised: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    whole: bool = False
    lacking: str = ""

    @property
    def violations(self) -> list[str]:
        """What is against the promise; of a control, that nothing went wrong."""
        if self.lacking:
            return []
        if self.row.is_control:
            return [] if self.problems else [f"nothing went wrong in {self.count} trials, so this proves nothing"]
        return self.problems


def run(row: Row, options: Options, seconds: float) -> Outcome:
    """Run trials until they end or so many seconds have passed, at least one. An error of the row itself is a violation."""
    outcome = Outcome(row, lacking=row.lacks())
    if outcome.lacking:
        return outcome
    began_s = time.monotonic()
    options.folder.mkdir(parents=True)
    trials = row.trials(options)
    try:
        with closing(trials):
            for problem in trials:
                outcome.count += 1
                if isinstance(problem, Unpromised):
                    outcome.unpromised[problem] += 1
                elif problem is not None:
                    outcome.problems.append(problem)
                if time.monotonic() - began_s >= seconds:
                    break
            else:
                outcome.whole = True
    except Exception as error:  # noqa: BLE001  # the other rows are run all the same
        outcome.problems.append(f"the row itself failed: {error!r}")
    outcome.seconds = time.monotonic() - began_s
    return outcome
