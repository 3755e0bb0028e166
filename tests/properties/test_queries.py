"""The engine against the reference, and the laws of the language, over stores and queries of chance.

PAASQ_EXAMPLES sets how many examples are tried; without it they are the same few in each run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, reject, settings
from hypothesis import strategies as st

from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.compiler import CompiledRequest, Compiler, PreparedQuery
from paasq_daemon.instance import Instance
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.errors import QueryError
from paasq_daemon.wire.request import Request
from paasq_dsl.syntax.lexer import TokenKind, tokenize, unescape_string
from paasq_dsl.syntax.normalization import normalize
from paasq_dsl.syntax.scanned_text import ScannedText
from paasq_dsl.time_zones import find_zone
from paasq_dsl.types import TypeKind
from paasq_dsl.values import parse_time
from properties.around import look_around
from properties.queries import ZONES, Pipeline, conditions, drawn, query_texts
from properties.worlds import SmallEmbedder, World, make_world

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
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    instance = Instance.open(tmp_path_factory.mktemp("worlds"), embedder=SmallEmbedder(), sync=False)
    yield instance
    instance.close()


@pytest.fixture(scope="module")
def world_of(instance: Instance) -> WorldOf:
    return cache(lambda seed: make_world(instance, seed))


@examples(60)
@given(data=st.data())
def test_law_1_the_order_of_conditions_is_nothing(instance: Instance, world_of: WorldOf, data: st.DataObject) -> None:
    world = world_of(data.draw(st.integers(0, WORLDS - 1)))
    one, other = data.draw(conditions(world)), data.draw(conditions(world))
    texts = [f"where ({one}) and ({other})", f"where ({other}) and ({one})", f"where {one} | where {other}"]
    first, *rest = [_rows(instance, f"from {world.item} | {text}") for text in texts]
    assert all(rows == first for rows in rest)


@examples(60)
@given(data=st.data())
def test_law_1_a_filter_before_retrieval_is_one_behind_it(
    instance: Instance, world_of: WorldOf, data: st.DataObject
) -> None:
    world = world_of(data.draw(st.integers(0, WORLDS - 1)))
    pipeline = Pipeline(drawn(data.draw, world))
    if not pipeline.texts:
        reject()
    condition = data.draw(conditions(world))
    retrieval = data.draw(st.sampled_from([pipeline.match_text, pipeline.near_text]))()
    k = data.draw(st.integers(0, 5))
    before = _rows(instance, f"from {world.item} | where {condition} | {retrieval} | take {k}")
    assert before == _rows(instance, f"from {world.item} | {retrieval} | where {condition} | take {k}")
    assert before == _rows(instance, f"from {world.item} | {retrieval} | where {condition}")[:k]


@examples(60)
@given(data=st.data())
def test_law_1_windows_see_the_rows_before_them(instance: Instance, world_of: WorldOf, data: st.DataObject) -> None:
    """A filter after an extend with window functions changes no window, wherever else it may move."""
    world = world_of(data.draw(st.integers(0, WORLDS - 1)))
    pipeline = Pipeline(drawn(data.draw, world))
    look_around(pipeline)
    text = " | ".join(pipeline.stages)
    note(text)
    condition = pipeline.writer.condition(pipeline.columns)
    passing = _rows(instance, f"{text} | extend _passes = ({condition}) | where _passes | drop _passes")
    assert passing == _rows(instance, f"{text} | where {condition}")
    if pipeline.texts and pipeline.records:
        retrieval = data.draw(st.sampled_from([pipeline.match_text, pipeline.near_text]))()
        before = _rows(instance, f"{text} | where {condition} | {retrieval}")
        assert before == _rows(instance, f"{text} | {retrieval} | where {condition}")


@examples(80)
@given(data=st.data())
def test_law_2_pages_together_are_the_whole(instance: Instance, world_of: WorldOf, data: st.DataObject) -> None:
    """Ranked, sorted and summarized, with a page of another size each time."""
    world = world_of(data.draw(st.integers(0, WORLDS - 1)))
    text = data.draw(query_texts(world, stages_max=4))
    note(text)
    whole = _answer(instance, text)
    if len(whole.rows) > 50:  # of filled buckets there are thousands
        reject()
    rows: list[list[Any]] = []
    cursor: str | None = None
    for _ in range(len(whole.rows) + 1):
        size = data.draw(st.integers(1, 7))
        page = _answer(instance, f"{text} | page {size} after $cursor", {"cursor": cursor})
        assert page.complete is (page.cursor is None)
        assert len(page.rows) == size or page.cursor is None
        assert page.facets == whole.facets
        rows += page.rows
        cursor = page.cursor
        if cursor is None:
            break
    assert rows == whole.rows


def test_law_2_rows_that_were_made_are_paged_too(instance: Instance, world_of: WorldOf) -> None:
    """Their places in a list do not tell them apart: the first item of each list is at 0."""
    text = f"from {world_of(9).item} | summarize c = collect(_version) by key = id | sort key | expand c"
    whole = _rows(instance, text)
    rows: list[list[Any]] = []
    cursor: str | None = None
    while len(rows) < len(whole):
        page = _answer(instance, f"{text} | page 1 after $cursor", {"cursor": cursor})
        rows, cursor = rows + page.rows, page.cursor
        if cursor is None:
            break
    assert len(whole) > 1
    assert rows == whole


@examples(80)
@given(data=st.data())
def test_law_3_literals_are_no_part_of_the_plan(instance: Instance, world_of: WorldOf, data: st.DataObject) -> None:
    """Of two texts that differ in literals only, the second runs the first's plan, and answers as a cold one would."""
    world = world_of(data.draw(st.integers(0, WORLDS - 1)))
    text = data.draw(query_texts(world))
    other = _with_other_literals(text, data.draw)
    note(f"{text}\nand then\n{other}")
    catalog = instance.catalog.current()
    assert normalize(ScannedText(text)).key == normalize(ScannedText(other)).key
    instance.engine.compiler.compile(text, catalog, "<query>")
    warm = instance.engine.compiler.compile(other, catalog, "<query>")
    assert warm.cache_hit
    cold = Compiler(instance.engine.compiler.backend).compile(other, catalog, "<query>")
    assert not cold.cache_hit
    found, expected = (_outcome(instance, lookup) for lookup in (warm, cold))
    assert found == expected


def test_law_3_a_parameter_is_a_value_whatever_it_holds(instance: Instance, world_of: WorldOf) -> None:
    world = world_of(9)
    text = f"from {world.item} | where id == $key"
    for key in ('x" or true', "null", "$key", "i1 | take 0", ""):
        assert _answer(instance, text, {"key": key}).rows == []
    some = world.keys[0]
    assert [row[0] for row in _answer(instance, text, {"key": some}).rows] == [some]


@examples(60)
@given(data=st.data())
def test_law_4_null_is_a_value(instance: Instance, world_of: WorldOf, data: st.DataObject) -> None:
    world = world_of(data.draw(st.integers(0, WORLDS - 1)))
    writer = drawn(data.draw, world)
    columns = {n: t for n, t in Pipeline(writer).columns.items() if t.kind not in {TypeKind.LIST, TypeKind.VECTOR}}
    name = writer.pick(sorted(columns))
    value = writer.literal(columns[name])

    def keys(condition: str) -> set[str]:
        return {row[0] for row in _rows(instance, f"from {world.item} | where {condition} | select id")}

    everything, nulls = set(world.keys), keys(f"{name} == null")
    assert keys(f"{name} == {value}") == everything - keys(f"{name} != {value}")
    assert keys(f"{name} in [{value}]") == keys(f"{name} == {value}") == everything - keys(f"{name} not in [{value}]")
    assert keys(f"{name} == {name}") == everything
    if columns[name].kind is TypeKind.BYTES:
        return  # which have no order
    ordered = keys(f"{name} < {value}") | keys(f"{name} >= {value}")
    assert ordered == (set() if value == "null" else everything - nulls)
    for direction in ("", " desc"):
        last = [
            row[0] is None for row in _rows(instance, f"from {world.item} | sort {name}{direction} | select {name}")
        ]
        assert last == sorted(last)


def _answer(instance: Instance, text: str, params: dict[str, Any] | None = None) -> Answer:
    return instance.engine.query(Request(text, params or {}))


def _rows(instance: Instance, text: str) -> list[list[Any]]:
    return _answer(instance, text).rows


def _outcome(instance: Instance, lookup: CompiledRequest) -> object:
    (step,) = lookup.compiled.statements
    assert isinstance(step, PreparedQuery)
    try:
        with instance.indexes.read() as view:
            answer = step.plan.execute(ExecutionInputs(lookup.literals, {}, NOW_US, view=view))
    except EvaluationError as error:
        return error.message
    return answer.columns, answer.rows, answer.facets, answer.reason


def _with_other_literals(text: str, draw: Callable[[st.SearchStrategy[Any]], Any]) -> str:
    """The same tokens with other values in the places of strings and whole numbers."""
    tokens: list[str] = []
    before = ""
    for token in tokenize(text):
        new = token.text
        if token.kind is TokenKind.STRING and find_zone(unescape_string(token.text)) is None:
            new = draw(st.sampled_from(['"a"', '"blue sea"', '""', '"\\u00fc"', token.text]))
        elif token.kind is TokenKind.NUMBER and token.text.isdigit() and before != "^":
            new = str(draw(st.integers(0, 5)))
        before = token.text
        tokens.append(new)
    return "".join(tokens)


@examples(80)
@given(data=st.data())
def test_a_pipeline_with_parameters_is_the_one_with_its_values_written_in(
    instance: Instance, world_of: WorldOf, data: st.DataObject
) -> None:
    """As the values of a let, as its defaults, and as parameters of the run that are passed on."""
    text = data.draw(query_texts(world_of(data.draw(st.integers(0, WORLDS - 1)))))
    zone = next(zone for zone in reversed(ZONES) if text.startswith(zone))
    body, declared, values = data.draw(with_parameters(text.removeprefix(zone)))
    if not declared:
        reject()
    note(body)
    called = f"{zone}let q({', '.join(declared)}) = {body};\nfrom q({', '.join(values)})"
    defaults = ", ".join(f"{each} = {value}" for each, value in zip(declared, values, strict=True))
    expected = _rows_or_error(instance, text)
    assert _rows_or_error(instance, called) == expected
    assert _rows_or_error(instance, f"{zone}let q({defaults}) = {body};\nfrom q()") == expected
    passed = ", ".join(each.partition(":")[0] for each in declared)
    given = "".join(f"param {each} = {value};\n" for each, value in zip(declared, values, strict=True))
    assert (
        _rows_or_error(instance, f"{zone}{given}let q({', '.join(declared)}) = {body};\nfrom q({passed})") == expected
    )


_LITERAL_TYPES = {
    TokenKind.STRING: "keyword", TokenKind.NUMBER: "int", TokenKind.TIME: "time", TokenKind.DURATION: "duration",
}  # fmt: skip


@st.composite
def with_parameters(draw: Callable[[st.SearchStrategy[Any]], Any], text: str) -> tuple[str, list[str], list[str]]:
    """The text with some of its literals as parameters, what declares these, and the literals."""
    tokens: list[str] = []
    declared: list[str] = []
    values: list[str] = []
    before = ""
    for token in tokenize(text):
        literal = token.kind in _LITERAL_TYPES and before != "^" and token.text not in {"@now", "@today"}
        if literal and draw(st.booleans()):
            type_ = "float" if token.kind is TokenKind.NUMBER and "." in token.text else _LITERAL_TYPES[token.kind]
            declared.append(f"$p{len(values)}: {type_}")
            tokens.append(f"$p{len(values)}")
            values.append(token.text)
        else:
            tokens.append(token.text)
        before = token.text
    return "".join(tokens), declared, values


def _rows_or_error(instance: Instance, text: str) -> Any:
    """The columns and the rows, at one moment, or what is wrong, without its place."""
    try:
        with pytest.MonkeyPatch.context() as clock:
            clock.setattr("paasq_daemon.engine.time.time_ns", lambda: NOW_US * 1_000)
            answer = instance.engine.query(Request(text))
    except QueryError as error:
        return [found["message"] for found in error.diagnostics]
    return answer.columns, answer.rows
