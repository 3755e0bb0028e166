"""A store whose clock is the test's own, and ways to ask it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.request import Request
from paasq_dsl.values import parse_time
from properties.worlds import SmallEmbedder

HOUR, DAY = 3_600_000_000, 86_400_000_000
NOON = parse_time("2026-11-27T12:00Z")

READINGS = """
collection reading { key id: keyword  at: time  n: int } keep 90d by at;
put reading [
  {id: "old", at: @2026-08-01}, {id: "older", at: @2020-01-01}, {id: "young", at: @2026-11-01},
  {id: "never", n: 1}, {id: "to come", at: @2099-01-01}
]
"""


class Clock:
    """The system's clock, and what passes in truth; both in microseconds."""

    def __init__(self) -> None:
        self.now_us = NOON
        self.passed_us = 0

    def passes(self, duration_us: int) -> None:
        self.now_us += duration_us
        self.passed_us += duration_us


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("time.time_ns", lambda: clock.now_us * 1000)
    monkeypatch.setattr("paasq_daemon.services.retention.elapsed_s", lambda: clock.passed_us / 1e6)
    return clock


@pytest.fixture
def instance(tmp_path: Path, clock: Clock) -> Iterator[Instance]:
    del clock
    instance = Instance.open(tmp_path / "store", embedder=SmallEmbedder(), sync=False)
    yield instance
    assert instance.store.check() == []
    instance.close()


def rows(instance: Instance, text: str, **params: Any) -> list[list[Any]]:
    return instance.engine.query(Request(text, params)).rows


def keys(instance: Instance, source: str = "reading") -> list[str]:
    return [key for (key,) in rows(instance, f"from {source} | select _key | sort _key")]
