"""Law 10: the events of a standing query, summed up, are the rows of the query run at the end, wherever it was cut."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import event, given, note, reject
from hypothesis import strategies as st

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.compiler import PreparedWatch
from paasq_daemon.instance import Instance
from paasq_daemon.watches.continuous_query import ContinuousQuery
from paasq_daemon.watches.watch_evaluation import ROWS_HELD_MAX
from paasq_daemon.wire.errors import QueryError
from paasq_daemon.wire.events import EventBatch, Key
from paasq_daemon.wire.request import Request
from paasq_dsl.diagnostics.runtime import RUNNING
from paasq_dsl.values import MICROS_PER_UNIT
from properties.queries import query_texts
from properties.test_queries import NOW_US, examples
from properties.worlds import SmallEmbedder, World, change_world, make_world
from reference.backend import ReferenceBackend
from reference.records import Refused, Undecided

OF_PARAMETERS = {"PQ0702", "PQ0704", "PQ0705"}
STEPS = ("write", "write", "write", "take", "later", "cut", "cut at seq")


class Client:
    """What somebody knows who was told the events, and nothing else."""

    def __init__(self, instance: Instance, text: str) -> None:
        self._instance = instance
        self._text = text
        self.watch: ContinuousQuery = instance.watch(Request(watching(text)))
        self.rows: dict[Key, list[Any]] = {}
        self.last: EventBatch | None = None

    def take(self) -> None:
        batch = self.watch.next_events()
        if batch is None:
            return
        self.last = batch
        for what, key, values in batch.changes:
            assert (key in self.rows) == (what != "enter"), (what, key)
            if what == "leave":
                del self.rows[key]
            else:
                self.rows[key] = values

    def go_on_after(self, position: str | int) -> None:
        self.watch.close()
        self.watch = self._instance.watch(Request(f"{watching(self._text)} after $position", {"position": position}))


@examples(15)
@given(data=st.data())
def test_events_summed_up_are_the_query_run_at_the_end(data: st.DataObject) -> None:
    now_us = [NOW_US]
    with TemporaryDirectory() as folder:
        instance = Instance.open(Path(folder), embedder=SmallEmbedder(), sync=False, clock=lambda: now_us[0])
        try:
            world = make_world(instance, data.draw(st.integers(1, 24), label="world"))
            text = data.draw(query_texts(world), label="query").rstrip(";")
            _follow(instance, world, text, data, now_us)
        finally:
            instance.close()


def _follow(instance: Instance, world: World, text: str, data: st.DataObject, now_us: list[int]) -> None:
    try:
        client = Client(instance, text)
        client.take()
        for step in data.draw(st.lists(st.sampled_from(STEPS), max_size=8), label="steps"):
            match step:
                case "write":
                    change_world(instance, world, random.Random(data.draw(st.integers(0, 999), label="writes")))
                case "take":
                    client.take()
                case "later":
                    now_us[0] += 7 * MICROS_PER_UNIT["h"]
                case _ if client.last is None or (step == "cut at seq" and client.watch.time_dependent):
                    pass  # what was true at a sequence number alone depends on when it was asked for
                case "cut":
                    assert client.last.cursor
                    client.go_on_after(client.last.cursor)
                case "cut at seq":
                    client.go_on_after(client.last.seq)
        client.take()
    except QueryError as error:
        _reject(error)
    answer = instance.engine.query(Request(text))
    if answer.reason == "limit":
        reject()  # of filled buckets there may be more than one answer has
    note(str(client.rows))
    assert answer.complete or answer.reason == "depth"
    assert Counter(map(repr, client.rows.values())) == Counter(map(repr, answer.rows))
    event("rows" if answer.rows else "no rows")
    _tells_apart_as_the_reference(instance, world, text, client, now_us[0])


def _tells_apart_as_the_reference(instance: Instance, world: World, text: str, client: Client, now_us: int) -> None:
    lookup = instance.engine.compiler.compile(watching(text), instance.catalog.current(), "<query>")
    (step,) = lookup.compiled.statements
    assert isinstance(step, PreparedWatch)
    inputs = ExecutionInputs(lookup.literals, {}, now_us)
    try:
        plan = ReferenceBackend(world.records).prepare(step.statement.query)
        expected = plan.keyed_result(inputs, step.statement.identity, ROWS_HELD_MAX, None)
    except (Undecided, Refused):
        return
    assert set(expected.rows) == set(client.rows)


def _reject(error: QueryError) -> None:
    """A query that can't be watched, or has no answer for these records, is no example."""
    codes = {each["code"] for each in error.diagnostics if each["severity"] == "error"}
    assert codes <= {"PQ0626", "PQ0627", "PQ0628", "PQ0629", "PQ0630", "PQ0631"} | RUNNING.keys() - OF_PARAMETERS, error
    reject()


def watching(text: str) -> str:
    """The watch of a query, after the zone that it is read in."""
    zone = text[: text.index("from ")]
    return f"{zone}watch {text.removeprefix(zone)}"
