"""A record that is taken away, and what is left of it."""

from __future__ import annotations

from faults.trials import Trials
from torture.forgotten import FORGETS, deleted, forgotten_under_kills
from torture.row import Options, Row


def _forgotten(given: Options) -> Trials:
    return forgotten_under_kills(given.folder, given.seed)


def _deleted(given: Options) -> Trials:
    return deleted(given.folder)


def _lacks() -> str:
    return "" if FORGETS else "not built yet"


ROWS = (
    Row("forgotten", "a record is forgotten and the daemon killed meanwhile", _forgotten, lacks=_lacks),
    Row("forgotten", "a record is only deleted", _deleted, is_control=True),
)
