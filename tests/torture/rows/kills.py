"""kill -9: of a process that writes, and of each piece of work at each of its calls."""

from __future__ import annotations

from faults.acknowledged import kills_while_writing
from torture.row import Row
from torture.rows.calls import KILL, sweeps

ROWS = (
    Row(
        "kills",
        "kill -9 of three writing threads",
        lambda given: kills_while_writing(given.folder / "data", given.seed),
    ),
    Row(
        "kills",
        "the same while the data file is compacted",
        lambda given: kills_while_writing(given.folder / "data", given.seed, rewrites=True),
    ),
    *sweeps("kills", "kill -9 at the n-th call", [KILL]),
)
