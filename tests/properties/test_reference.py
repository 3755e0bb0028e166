"""The engine against the reference: two thousand queries of chance over stores of chance.

PAASQ_QUERIES sets how many are compared, each time others; without it they are the same ones in each run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.compiler import PreparedQuery
from paasq_daemon.instance import Instance
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.errors import QueryError
from paasq_dsl.values import parse_time
from properties.alike import assert_alike
from properties.queries import Writer, query_stages
from properties.worlds import SmallEmbedder, make_world
from reference.backend import ReferenceBackend
from reference.records import Refused, Undecided

WORLDS = 24
PARTS = 8  # that run side by side
NOW_US = parse_time("2026-11-22T12:00Z")
QUERIES = int(os.environ.get("PAASQ_QUERIES", "0"))
FIRST_SEED = random.SystemRandom().randrange(2**32) if QUERIES else 0


class Pair:
    """An engine and, of each of its worlds, what the reference knows."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.world = cache(lambda seed: make_world(instance, seed))

    def differ(self, writer: Writer, stages: list[str]) -> AssertionError | None:
        """What one answers otherwise than the other; raises Undecided where no one can tell."""
        text = writer.declarations() + "\n| ".join(stages)
        lookup = self.instance.engine.compiler.compile(text, self.instance.catalog.current(), "<query>")
        (step,) = lookup.compiled.statements
        assert isinstance(step, PreparedQuery)
        given = {name: value for name, (_, value) in writer.parameters.items()}
        inputs = ExecutionInputs(lookup.literals, given, NOW_US)
        expected: Answer | None = None
        try:
            expected = ReferenceBackend(writer.world.records).prepare(step.query).execute(inputs)
        except Refused as why:
            refused = str(why)
        try:
            with self.instance.indexes.read() as view:
                found = step.plan.execute(replace(inputs, view=view))
        except EvaluationError as error:
            return None if expected is None else AssertionError(f"refused by the instance alone: {error}")
        if expected is None:
            return AssertionError(f"refused by the reference alone: {refused}")
        try:
            assert_alike(found, expected)
        except AssertionError as error:
            return error
        return None

    def shortest(self, writer: Writer, stages: list[str]) -> list[str]:
        """Still different, with as few stages as can be."""
        for at in range(len(stages) - 1, 0, -1):
            fewer = stages[:at] + stages[at + 1 :]
            try:
                if self.differ(writer, fewer):
                    return self.shortest(writer, fewer)
            except (QueryError, Undecided):
                continue
        return stages


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    instance = Instance.open(tmp_path_factory.mktemp("worlds"), embedder=SmallEmbedder(), sync=False)
    yield Pair(instance)
    instance.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_the_engine_answers_as_the_reference(pair: Pair, part: int) -> None:
    compared = 0
    seed = FIRST_SEED + part
    while compared < (QUERIES or 2_000) / PARTS:
        chance = random.Random(seed)
        writer = Writer(chance.randint, pair.world(seed // PARTS % WORLDS), declares=True)
        stages = query_stages(writer)
        try:
            different = pair.differ(writer, stages)
        except Undecided:
            pass
        except Exception as error:
            error.add_note(f"seed {seed}: " + " | ".join(stages))
            raise
        else:
            if different:
                short = pair.shortest(writer, stages)
                different = pair.differ(writer, short)
                pytest.fail(f"seed {seed}: {writer.parameters} {' | '.join(short)}\n{different}")
            compared += 1
        seed += PARTS
