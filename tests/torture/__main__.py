"""`make torture`: kills, power cuts, failing calls, full disks, flipped bits and concurrent clients, each again and again, and a
table of how often and at what cost. The exit code is 1 where a promise was broken.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from torture import report
from torture.row import Options, Outcome, Row, run
from torture.rows import ROWS

SEEDS = 2**31


def main() -> None:
    given = _arguments()
    rows = _chosen(ROWS, given.only)
    if given.list:
        print("\n".join(f"{row.group:<10} {row.what}{report.remark(row.lacks())}" for row in rows))
        return
    seed = random.randrange(SEEDS) if given.seed is None else given.seed
    print(f"seed {seed}, {given.minutes:g} minutes", flush=True)
    outcomes = torture(rows, 60 * given.minutes, seed, given.stride)
    sys.exit(report.summary(outcomes, seed))


def torture(rows: Sequence[Row], seconds: float, seed: int, stride: int) -> list[Outcome]:
    """Run each row for its share of the time, and print its line as soon as it is done. What a row leaves goes to the others."""
    print(report.head(), flush=True)
    outcomes: list[Outcome] = []
    ends_s = time.monotonic() + seconds
    scratch = Path(tempfile.mkdtemp(prefix="paasq-torture-"))
    try:
        for number, row in enumerate(rows):
            folder = scratch / str(number)
            share = (ends_s - time.monotonic()) / (len(rows) - number)
            outcomes.append(run(row, Options(folder, seed, stride), share))
            print(report.line(outcomes[-1]), flush=True)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return outcomes


def _chosen(rows: Sequence[Row], only: str | None) -> list[Row]:
    if only is None:
        return list(rows)
    groups, words = {row.group for row in rows}, only.split(",")
    for word in words:
        if word not in groups and not any(word in row.what for row in rows):
            sys.exit(
                f"there is no row {word!r}: name groups ({', '.join(sorted(groups))}) or words of what is done (--list)"
            )
    return [row for row in rows if any(word == row.group or word in row.what for word in words)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="shared by all rows; a row runs one trial at least")
    parser.add_argument("--only", metavar="A,B", help="groups, or words of what is done: kills,flips")
    parser.add_argument("--seed", type=int, help="that a former run printed, to repeat it")
    parser.add_argument("--stride", type=int, default=1, help="sweeps interrupt each so many'th call (1: every one)")
    parser.add_argument("--list", action="store_true", help="the rows, without running them")
    return parser.parse_args()


if __name__ == "__main__":
    main()
