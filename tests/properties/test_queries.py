"""The engine against the reference, and the laws of the language, over stores and queries of chance.

PAASQ_EXAMPLES sets how many examples are tried; without it they are the same few in each run.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, reject, settings
from hypothesis import strategies as st

from paasq_daemon.backends.base import RunInputs
from paasq_daemon.compiler import PreparedQuery
from paasq_daemon.engine import Engine
from paasq_daemon.kernels.errors import KernelError
from paasq_daemon.wire.messages import Answer, Request
from paasq_dsl.values import parse_time
from properties.queries import conditions, query_texts
from properties.worlds import SmallEmbedder, World, make_world
from reference.backend import ReferenceBackend
from reference.records import Refused, Undecided

WORLDS = 24
NOW_US = parse_time("2026-11-22T12:00Z")
EXAMPLES = int(os.environ.get("PAASQ_EXAMPLES", "0"))

WorldOf = Callable[[int], World]


def examples(count: int) -> settings:
    return settings(
        max_examples=EXAMPLES or count, derandomize=not EXAMPLES, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine.open(tmp_path_factory.mktemp("worlds"), embedder=SmallEmbedder(), sync=False)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def world_of(engine: Engine) -> WorldOf:
    return cache(lambda seed: make_world(engine, seed))


@examples(300)
@given(data=st.data())
def test_the_engine_answers_as_the_reference(engine: Engine, world_of: WorldOf, data: st.DataObject) -> None:
    world = world_of(data.draw(st.integers(0, WORLDS - 1)))
    text = data.draw(query_texts(world))
    note(text)
    lookup = engine._compiler.compile(text, engine.catalog(), "<query>")
    (step,) = lookup.compiled.steps
    assert isinstance(step, PreparedQuery)
    inputs = RunInputs(lookup.canonical.literals, {}, NOW_US)
    try:
        expected = ReferenceBackend(world.records).prepare(step.query).run(inputs)
    except Undecided:
        reject()
    except Refused as why:
        note(f"refused: {why}")
        with pytest.raises(KernelError):
            step.plan.run(inputs)
        return
    assert_alike(step.plan.run(inputs), expected)


def assert_alike(found: Answer, expected: Answer) -> None:
    assert found.columns == expected.columns
    assert len(found.rows) == len(expected.rows), (found.rows, expected.rows)
    for row, other in zip(found.rows, expected.rows, strict=True):
        for column, value, wanted in zip(found.columns, row, other, strict=True):
            assert alike(value, wanted), (column.name, row, other)
    assert [(name, [(c.count, type(c.value)) for c in counts]) for name, counts in found.facets.items()] == [
        (name, [(c.count, type(c.value)) for c in counts]) for name, counts in expected.facets.items()
    ]
    for name, counts in found.facets.items():
        assert alike([c.value for c in counts], [c.value for c in expected.facets[name]]), name
    assert (found.complete, found.reason) == (expected.complete, expected.reason)


def alike(value: Any, wanted: Any) -> bool:
    """Equal, of one Python type; floats up to what 32 bits lose."""
    if isinstance(value, float) and isinstance(wanted, float):
        return math.isclose(value, wanted, rel_tol=1e-5, abs_tol=1e-6)
    if isinstance(value, list) and isinstance(wanted, list):
        return len(value) == len(wanted) and all(map(alike, value, wanted))
    return type(value) is type(wanted) and bool(value == wanted)
