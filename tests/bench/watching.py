"""How long a watch needs: from a put to its event, alone and among idle watches, and to resume from a cursor."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack

from bench.timing import Timing, measure
from paasq import Database
from paasq_daemon.wire.events import Watch

IDLE = 30  # other watches on the same collection, whose results the puts leave alone
BEHIND = 1_000  # writes between a cursor and now


def watching(store: Database, seconds: float) -> Iterator[tuple[str, Timing]]:
    with _watched(store, 100) as watch:
        yield "put to event of a watch", measure(lambda _: _put_and_told(store, watch, 100), seconds)
        with ExitStack() as idle:
            for number in range(IDLE):
                next(idle.enter_context(_watched(store, 200 + number)))
            timing = measure(lambda _: _put_and_told(store, watch, 100), seconds)
            yield f"... among {IDLE} that stay still", timing
    cursor = _cursor(store)
    store.put("plain", [_record(300) for _ in range(BEHIND)])
    yield f"watch goes on, {BEHIND:,} writes later", measure(lambda _: _resumed(store, cursor), seconds)


def _watched(store: Database, share: int) -> Watch:
    return store.watch("watch from plain | where share == $share", share=share)


def _put_and_told(store: Database, watch: Watch, share: int) -> None:
    record = _record(share)
    store.put("plain", record)
    while all(event.key != record["id"] for event in next(watch)):
        pass


def _cursor(store: Database) -> str:
    with _watched(store, 300) as watch:
        cursor = next(watch).cursor
    assert cursor is not None
    return cursor


def _resumed(store: Database, cursor: str) -> None:
    text = "watch from plain | where share == $share after $cursor"
    with store.watch(text, share=300, cursor=cursor) as watch:
        told = 0
        while told < BEHIND:
            told += len(next(watch))


def _record(share: int) -> dict[str, object]:
    return {"id": f"w{random.random()}", "share": share, "title": "Told", "body": "Told to whoever watches."}
