"""Clients that throw bombs at a daemon, in processes of their own, so that the daemon tells them from those that watch."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from paasq_daemon.wire.cancellation import CancellationToken
from paasq_daemon.wire.client import Client
from paasq_daemon.wire.errors import Cancelled, PaasqError
from paasq_daemon.wire.request import Budget, Request
from workers.bombs import BOMBS

TIME_MS = 200.0
_CANCELLED_SHARE, _CANCELLED_AFTER_S = 0.2, 0.1
PROCESSES = 4


@dataclass
class Thrown:
    """How the answers were, and by how many milliseconds they came after their time, or after they were cancelled."""

    answers: Counter[str] = field(default_factory=Counter)
    late_ms: list[float] = field(default_factory=list)
    cancel_ms: list[float] = field(default_factory=list)

    def add(self, other: Thrown) -> None:
        self.answers += other.answers
        self.late_ms += other.late_ms
        self.cancel_ms += other.cancel_ms


def throw_each(socket: Path) -> Thrown:
    """Each bomb once, one after another."""
    with ProcessPoolExecutor(1, get_context("spawn")) as processes:
        return processes.submit(_throw_each, socket).result()


def throw_many(socket: Path, count: int, seconds: float) -> Thrown:
    """`count` at a time."""
    found = Thrown()
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as processes:
        share = count // PROCESSES
        running = [processes.submit(_throw_many, socket, share, seconds, seed) for seed in range(PROCESSES)]
        for each in running:
            found.add(each.result())
    return found


def _throw_each(socket: Path) -> Thrown:
    found = Thrown()
    for name, text in BOMBS.items():
        took_ms = _throw(socket, text, found)
        print(f"    {name:<42} {took_ms:8.0f} ms", flush=True)
    return found


def _throw_many(socket: Path, count: int, seconds: float, seed: int) -> Thrown:
    found, until_s = Thrown(), time.monotonic() + seconds
    threads = [threading.Thread(target=_go_on, args=(socket, until_s, 100 * seed + i, found)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def _go_on(socket: Path, until_s: float, seed: int, found: Thrown) -> None:
    rng = random.Random(seed)
    while time.monotonic() < until_s:
        throw = _cancel if rng.random() < _CANCELLED_SHARE else _throw
        throw(socket, rng.choice(list(BOMBS.values())), found)


def _throw(socket: Path, text: str, found: Thrown) -> float:
    """Milliseconds until the answer."""
    with Client.connect(socket) as client:
        began_s = time.perf_counter()
        _count(found, client, Request(text, budget=Budget(time_ms=TIME_MS)))
        took_ms = (time.perf_counter() - began_s) * 1000
    found.late_ms.append(max(0.0, took_ms - TIME_MS))
    return took_ms


def _cancel(socket: Path, text: str, found: Thrown) -> None:
    token, cancelled_s = CancellationToken(), [0.0]

    def cancel() -> None:
        cancelled_s[0] = time.perf_counter()
        token.cancel()

    timer = threading.Timer(_CANCELLED_AFTER_S, cancel)
    with Client.connect(socket) as client:
        timer.start()
        if _count(found, client, Request(text), token) == Cancelled.__name__:
            found.cancel_ms.append((time.perf_counter() - cancelled_s[0]) * 1000)
        timer.cancel()


def _count(found: Thrown, client: Client, request: Request, token: CancellationToken | None = None) -> str:
    try:
        client.request(request, token)
        name = "answered"
    except PaasqError as error:
        name = type(error).__name__
    found.answers[name] += 1
    return name
