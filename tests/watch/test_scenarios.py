"""Scenarios: a watch, writes, and what its client is told of them, step by step.

`setup` fills the store. The sections behind it are taken in their order, whatever number they end in: `watch` is a text to
start (in the place of the one before; `$cursor` is the cursor of its last events), `write` a text to run, `later` a
duration by which the clock goes on, `events` what came since. `error` is why a watch could not start, or ended.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from golden import Case, cases
from paasq_daemon.instance import Instance
from paasq_daemon.watches.continuous_query import ContinuousQuery
from paasq_daemon.wire.errors import PaasqError
from paasq_daemon.wire.events import EventBatch
from paasq_daemon.wire.request import Request
from paasq_dsl.values import parse_duration, parse_time
from properties.worlds import SmallEmbedder

NOON_US = parse_time("2026-11-22T12:00Z")


class Client:
    """Has one watch at a time, and a clock of its own."""

    def __init__(self, folder: Path) -> None:
        self.now_us = NOON_US
        self.instance = Instance.open(folder, embedder=SmallEmbedder(), sync=False, clock=lambda: self.now_us)
        self._watch: ContinuousQuery | None = None
        self._cursor: str | None = None
        self.waiting: list[str] = []

    def watch(self, text: str) -> None:
        if self._watch is not None:
            self._watch.close()
        params = {"cursor": self._cursor} if "$cursor" in text else {}
        try:
            self._watch = self.instance.watch(Request(text, params))
        except PaasqError as error:
            self._watch = None
            self.waiting.append(str(error))

    def write(self, text: str) -> None:
        if text.startswith("trim "):
            self.instance.store.trim(int(text.removeprefix("trim ")))
        else:
            self.instance.engine.query(Request(text))

    def later(self, text: str) -> None:
        self.now_us += parse_duration(text).micros

    def told(self) -> str:
        if self._watch is not None:
            try:
                batch = self._watch.next_events()
            except PaasqError as error:
                self.waiting.append(str(error))
            else:
                self.waiting += [] if batch is None else self._lines(batch)
        lines, self.waiting = self.waiting or ["nothing"], []
        return "\n".join(lines)

    def _lines(self, batch: EventBatch) -> Iterator[str]:
        self._cursor = batch.cursor
        for event, key, row in batch:
            shown = ", ".join(f"{name}={value!s}" for name, value in row.to_dict().items())
            yield f"{event} {key}: {shown}"
        yield f"seq {batch.seq}"


@pytest.mark.parametrize("case", cases(Path(__file__).parent), ids=str)
def test_scenario(case: Case, tmp_path: Path) -> None:
    client = Client(tmp_path)
    client.instance.engine.query(Request(case["setup"]))
    for section, text in list(case.sections.items()):
        match section.rstrip("0123456789 "):
            case "watch":
                client.watch(text)
            case "write":
                client.write(text)
            case "later":
                client.later(text)
            case "events" | "error":
                case.check(section, client.told())
    client.instance.close()
