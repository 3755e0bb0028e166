"""A canary is planted, a statement takes it away, and everything is searched for it."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from daemon.process import Daemon
from faults.subjects import known_statement
from faults.trials import Trials
from paasq_daemon.wire.errors import DaemonUnavailable, PaasqError
from torture.canary import COLLECTION, KEY, Canary, plant
from torture.traces import traces

DELETE = f"delete {COLLECTION}:{KEY}"
WAYS = (DELETE, f"forget {COLLECTION}:{KEY}", f'forget from {COLLECTION} where mood == "zqmood"')
KNOWN_WAYS = tuple(text for text in WAYS if known_statement(text))
FORGETS = KNOWN_WAYS[1:]
_SECONDS_MAX = 1.0  # after which the daemon is killed, from the moment that the statement was sent


def planted(daemon: Daemon) -> Canary:
    """In a store whose checkpoint has it, too."""
    daemon.start()
    with daemon.client() as db:
        canary = plant(db)
    daemon.stop()
    daemon.start()
    return canary


def left_after(daemon: Daemon, canary: Canary) -> list[str]:
    """What the running daemon tells and its files hold, and then what a new start does, which has written all that it keeps.
    Snapshots are left out: they stay."""
    with daemon.client() as db:
        found = traces(canary, daemon.folder, db)
    daemon.stop()
    daemon.start()
    with daemon.client() as db:
        found += traces(canary, daemon.folder, db)
    return list(dict.fromkeys(trace for trace in found if "snapshot" not in trace))


def forgotten_under_kills(folder: Path, seed: int) -> Trials:
    """Without end: forget it, kill the daemon meanwhile, forget it again where that was not acknowledged. What is left of it."""
    chance = random.Random(seed)
    yield from _without_end(folder, lambda daemon: _forget_and_kill(daemon, chance.choice(FORGETS), chance))


def deleted(folder: Path) -> Trials:
    """Without end: delete it. What is left, as it must be."""
    yield from _without_end(folder, lambda daemon: _write(daemon, DELETE))


def _without_end(folder: Path, take_away: Callable[[Daemon], object]) -> Trials:
    number = 0
    while True:
        number += 1
        daemon = Daemon(folder / f"{number}")
        try:
            canary = planted(daemon)
            take_away(daemon)
            yield "; ".join(left_after(daemon, canary)) or None
        finally:
            daemon.end()
            shutil.rmtree(daemon.folder, ignore_errors=True)


def _write(daemon: Daemon, text: str) -> bool:
    """Whether it was acknowledged, or there is nothing of it any more."""
    with suppress(DaemonUnavailable), daemon.client() as db:
        try:
            db.query(text)
        except PaasqError:
            return db.get(COLLECTION, KEY) is None
        return True
    return False


def _forget_and_kill(daemon: Daemon, text: str, chance: random.Random) -> None:
    said: list[bool] = []
    asking = threading.Thread(target=lambda: said.append(_write(daemon, text)))
    asking.start()
    asking.join(chance.random() * _SECONDS_MAX)
    daemon.kill()
    asking.join()
    daemon.start()
    if not any(said):
        _write(daemon, text)
