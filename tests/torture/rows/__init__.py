"""The rows of the table, in its order. A new module of rows is named here; subjects of sweeps are in `faults/subjects.py`."""

from __future__ import annotations

from torture.row import Row
from torture.rows import calls, disks, flips, forgotten, histories, kills

ROWS: tuple[Row, ...] = (*kills.ROWS, *disks.ROWS, *calls.ROWS, *flips.ROWS, *histories.ROWS, *forgotten.ROWS)
