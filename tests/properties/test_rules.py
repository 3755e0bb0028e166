"""Each apply_rules rule on queries of chance: the schema is the same before and after it, twice is the same as once, and the
reference, which runs the stages as they stand, answers the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, reduce

import pytest

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.compiler import PreparedQuery
from paasq_daemon.instance import Instance
from paasq_daemon.plan.rules import RULES, Rule, apply_rules
from paasq_dsl.bound import BoundQuery
from paasq_dsl.values import parse_time
from properties.alike import assert_alike
from properties.queries import Writer, query_stages
from properties.worlds import SmallEmbedder, make_world
from reference.backend import ReferenceBackend
from reference.records import Records, Refused, Undecided

WORLDS = 6
QUERIES = 900
STAGES_MAX = 8
Plans = list[tuple[str, BoundQuery, Records, ExecutionInputs]]
NOW_US = parse_time("2026-11-22T12:00Z")


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plans]:
    """Texts, each with what it is bound to, the records that it reads and what it is given."""
    instance = Instance.open(tmp_path_factory.mktemp("worlds"), embedder=SmallEmbedder(), sync=False)
    world = cache(lambda seed: make_world(instance, seed + 1))  # every tenth is empty
    found: Plans = []
    for seed in range(QUERIES):
        writer = Writer(random.Random(seed).randint, world(seed % WORLDS), declares=True)
        stages = query_stages(writer, STAGES_MAX)
        text = writer.declarations() + "\n| ".join(stages)
        lookup = instance.engine.compiler.compile(text, instance.catalog.current(), "<query>")
        (step,) = lookup.compiled.statements
        assert isinstance(step, PreparedQuery)
        given = {name: value for name, (_, value) in writer.parameters.items()}
        found.append((text, step.query, writer.world.records, ExecutionInputs(lookup.literals, given, NOW_US)))
    yield found
    instance.close()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_schema_stays(plans: Plans, rule: Rule) -> None:
    changed = 0
    for text, query, *_ in plans:
        given = reduce(lambda stages, earlier: earlier(stages), RULES[: RULES.index(rule)], query.stages)
        stages = rule(given)
        assert stages[-1].schema == query.stages[-1].schema, text
        assert rule(stages) == stages, text
        changed += stages != given
    assert changed >= 5  # or the queries say nothing of the rule


def test_answer_stays(plans: Plans) -> None:
    compared = 0
    for text, query, records, inputs in plans:
        rewritten = replace(query, stages=apply_rules(query.stages))
        if rewritten == query:
            continue
        backend = ReferenceBackend(records)
        try:
            expected = backend.prepare(query).execute(inputs)
            found = backend.prepare(rewritten).execute(inputs)
        except (Refused, Undecided):
            continue
        try:
            assert_alike(found, expected)
        except AssertionError as error:
            error.add_note(text)
            raise
        compared += 1
    assert compared >= 20
