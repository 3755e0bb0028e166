"""Clients at once, a daemon that is killed, and whether one order explains what each of them was answered."""

from __future__ import annotations

from faults.trials import Trials
from torture.clients import histories, stale_histories
from torture.row import Options, Row


def _histories(given: Options) -> Trials:
    return histories(given.folder, given.seed)


def _stale(given: Options) -> Trials:
    return stale_histories(given.folder, given.seed)


ROWS = (
    Row("histories", "6 clients and a daemon that is killed 3 times", _histories),
    Row("histories", "the same with one answer made stale", _stale, is_control=True),
)
