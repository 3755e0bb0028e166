"""Clients that ask small things all the time, and note how long each answer took."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from paasq_daemon.wire.client import Client
from paasq_daemon.wire.request import Request

PAUSE_S = 0.02

ASKED: dict[str, Callable[[Client], object]] = {
    "health": lambda client: client.call("health", {}),
    "status": lambda client: client.call("status", {}),
    "get": lambda client: client.call("get", {"collection": "note", "key": "a7"}),
    "query": lambda client: client.request(Request('from note | where id == "a7" | select n')),
}


@dataclass
class Latencies:
    """Seconds by what was asked, and the errors."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in ASKED})
    errors: list[str] = field(default_factory=list)

    def percentile(self, name: str, share: float) -> float:
        """In milliseconds; 0 where nothing was asked."""
        ordered = sorted(self.seconds[name])
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


@contextmanager
def watching(socket: Path) -> Iterator[Latencies]:
    """Ask until the block ends."""
    found, stop = Latencies(), threading.Event()
    threads = [threading.Thread(target=_ask, args=(socket, name, found, stop)) for name in ASKED]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _ask(socket: Path, name: str, found: Latencies, stop: threading.Event) -> None:
    with Client.connect(socket) as client:
        while not stop.wait(PAUSE_S):
            began_s = time.perf_counter()
            try:
                ASKED[name](client)
            except Exception as error:  # noqa: BLE001  # it is counted
                found.errors.append(f"{name}: {error}")
            found.seconds[name].append(time.perf_counter() - began_s)
