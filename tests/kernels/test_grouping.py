"""Groups, aggregates, order and facets, against plain Python."""

from __future__ import annotations

from collections import Counter
from statistics import fmean
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paasq_daemon.kernels.aggregate.evaluate import aggregate
from paasq_daemon.kernels.aggregate.grouping import Groups, group_rows
from paasq_daemon.kernels.aggregate.value_counts import value_counts
from paasq_daemon.kernels.columns import column_from_values, column_to_values, concatenate, constant_column, null_column
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.sort import argsort, top_k
from paasq_daemon.kernels.time.months import add_months as add_months_to_all
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind
from paasq_dsl.source_text import DUMMY_SPAN
from paasq_dsl.types import BOOL, DURATION, FLOAT, INT, KEYWORD, NULL, TEXT, TIME, Type, list_of
from paasq_dsl.values import INT_MAX, Duration, Value, add_months
from reference.aggregates import AGGREGATES as REFERENCE

N: list[Value] = [3, 1, None, 2, 3, None, 3]
BY: list[Value] = ["b", "a", "b", "b", "a", None, "b"]


def grouped() -> tuple[list[Value], list[int], list[int]]:
    groups = group_rows([column_from_values(KEYWORD, BY)], len(BY))
    first = column_from_values(KEYWORD, BY).take(groups.first_rows)
    return column_to_values(first), groups.group_ids.tolist(), groups.first_rows.tolist()


def test_groups_stand_in_order_of_their_keys_with_null_last() -> None:
    assert grouped() == (["a", "b", None], [1, 0, 1, 1, 0, 2, 1], [1, 0, 5])


def test_groups_of_two_keys() -> None:
    keys = [column_from_values(BOOL, [True, None, False, True]), column_from_values(INT, [10**17, 1, 1, -5])]
    assert group_rows(keys, 4).group_ids.tolist() == [2, 3, 0, 1]


AGGREGATED: list[tuple[str, Type, list[Value], list[Value], list[Value]]] = [
    ("count", INT, N, [], [2, 3, 0]),
    ("count_distinct", INT, N, [], [2, 2, 0]),
    ("sum", INT, N, [], [4, 8, 0]),
    ("sum", FLOAT, [0.5, 1.0, None, 2.0, 3.0, None, 3.0], [], [4.0, 5.5, 0.0]),
    ("sum", INT, [2**62, 1, None, 2**62 - 1, 2, None, -5], [], [3, INT_MAX - 5, 0]),
    ("avg", INT, N, [], [2.0, 8 / 3, None]),
    ("min", INT, N, [], [1, 2, None]),
    ("max", INT, N, [], [3, 3, None]),
    ("min", KEYWORD, ["z", "x", None, "y", "w", None, "é"], [], ["w", "y", None]),
    ("max", TEXT, ["z", "x", None, "y", "w", None, "é"], [], ["x", "é", None]),
    ("max", DURATION, [Duration(1), Duration(0, 5), None, None, None, None, Duration(0, 9)], [],
     [Duration(0, 5), Duration(1), None]),
    ("sum", DURATION, [Duration(1), Duration(0, 5), None, Duration(2, 7), None, Duration(), Duration(-1, 1)], [],
     [Duration(0, 5), Duration(2, 8), Duration()]),
    ("avg", DURATION, [Duration(1, 1), Duration(0, 5), None, Duration(3), Duration(0, 6), None, None], [],
     [Duration(0, 6), Duration(2, 1), None]),
    ("avg", DURATION, [Duration(1), Duration(-1), None, Duration(), None, None, None], [],
     [Duration(-1), Duration(0, 1_314_873_000_000), None]),
    ("percentile", INT, N, [50], [2.0, 3.0, None]),
    ("percentile", INT, N, [25], [1.5, 2.5, None]),
    ("median", INT, N, [], [2.0, 3.0, None]),
    ("median", TIME, [10, 7, None, 14, 19, None, 8], [], [13, 10, None]),
    ("percentile", TIME, [10, 7, None, 14, 19, None, 8], [75], [16, 12, None]),
    ("median", DURATION, [Duration(1), Duration(0, 5), None, Duration(2), Duration(0, 8), None, Duration(0, 9)], [],
     [Duration(0, 7), Duration(1), None]),
    ("median", DURATION, [Duration(1), Duration(1), None, None, Duration(2), None, None], [],
     [Duration(1, 1_314_873_000_000), Duration(1), None]),
    ("variance", INT, N, [], [2.0, 1 / 3, None]),
    ("stddev", FLOAT, [1e9, 1e9 + 1, None, 1e9 + 2, 1e9, None, 1e9 + 4], [], [0.5**0.5, 2.0, None]),
    ("histogram", INT, N, [2], [[1, 1], [1, 2], None]),
    ("histogram", FLOAT, [1.0, 1.0, None, 1.0, None, None, None], [3], [[1, 0, 0], [2, 0, 0], None]),
    ("mode", INT, N, [], [1, 3, None]),
    ("mode", KEYWORD, ["z", "x", None, "z", "w", None, "y"], [], ["w", "z", None]),
    ("count_if", BOOL, [True, False, None, True, True, None, False], [], [1, 2, 0]),
    ("any", BOOL, [True, False, None, False, None, None, False], [], [False, True, False]),
    ("all", BOOL, [True, True, None, True, True, False, True], [], [True, False, False]),
    ("collect_distinct", INT, N, [], [[1, 3], [3, 2], []]),
    ("first_value", INT, [None, 1, 7, 2, 3, None, 3], [], [1, 7, None]),
    ("last_value", KEYWORD, ["z", "x", None, "y", "w", None, None], [], ["w", "y", None]),
    ("collect", INT, N, [], [[1, 3], [3, 2, 3], []]),
    ("collect", list_of(INT), [[1], [2], None, [], [3, 4], None, None], [], [[[2], [3, 4]], [[1], []], []]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "type_", "column", "extra", "expected"), AGGREGATED)
@pytest.mark.filterwarnings("error")
def test_aggregates(name: str, type_: Type, column: list[Value], extra: list[Value], expected: list[Value]) -> None:
    groups = group_rows([column_from_values(KEYWORD, BY)], len(BY))
    found = column_to_values(aggregate(name, [column_from_values(type_, column)], groups, extra))
    assert [pytest.approx(v) if isinstance(v, float) else v for v in found] == expected


FLAGS: list[Value] = [True, False, True, None, True, True, True]
M: list[Value] = [6, 7, 8, 4, None, 1, 6]
PAIRED: list[tuple[str, Type, list[Value], list[Value]]] = [
    ("sum_if", BOOL, FLAGS, [3, 6, 0]),
    ("avg_if", BOOL, FLAGS, [3.0, 3.0, None]),
    ("correlation", INT, M, [None, 1.0, None]),
    ("slope", INT, M, [None, 0.5, None]),
    ("min_by", INT, M, [1, 2, None]),
    ("max_by", INT, M, [1, 3, None]),
]


@pytest.mark.parametrize(("name", "type_", "by", "expected"), PAIRED)
@pytest.mark.filterwarnings("error")
def test_aggregates_of_two_columns(name: str, type_: Type, by: list[Value], expected: list[Value]) -> None:
    groups = group_rows([column_from_values(KEYWORD, BY)], len(BY))
    found = column_to_values(aggregate(name, [column_from_values(INT, N), column_from_values(type_, by)], groups, []))
    assert found == [None if v is None else pytest.approx(v) for v in expected]
    pairs = [(n, b) for n, b, key in zip(N, by, BY, strict=True) if key == "b" and n is not None and b is not None]
    assert REFERENCE[name](pairs) == pytest.approx(expected[1])


@pytest.mark.parametrize(("name", "type_", "column", "extra", "expected"), AGGREGATED)
def test_the_reference_gives_the_same(
    name: str, type_: Type, column: list[Value], extra: list[Value], expected: list[Value]
) -> None:
    for i, key in enumerate(["a", "b", None]):
        values = [v for v, k in zip(column, BY, strict=True) if k == key and (v is not None or name == "all")]
        found = REFERENCE[name](values, *extra)
        assert found == (pytest.approx(expected[i]) if isinstance(found, float) else expected[i]), type_


@pytest.mark.parametrize("name", [name for name, f in FUNCTIONS.items() if f.kind is FunctionKind.AGGREGATE])
def test_every_aggregate_has_a_case(name: str) -> None:
    assert name in {case[0] for case in (*AGGREGATED, *PAIRED)}


def test_a_histogram_has_bounds() -> None:
    with pytest.raises(EvaluationError, match="1 to 10,000 ranges, not 0"):
        aggregate("histogram", [column_from_values(INT, [1])], group_rows([], 1), [0])
    with pytest.raises(EvaluationError, match="too much for one answer"):
        aggregate(
            "histogram",
            [column_from_values(INT, list(range(1001)))],
            Groups(np.arange(1001), 1001, np.arange(1001)),
            [10_000],
        )


@pytest.mark.parametrize("name", ["count", "count_distinct", "sum"])
def test_without_keys_there_is_one_group_of_no_rows(name: str) -> None:
    groups = group_rows([], 0)
    assert groups.first_rows.tolist() == [-1]
    assert column_to_values(aggregate(name, [column_from_values(INT, [])], groups, [])) == [0]


@pytest.mark.parametrize("name", ["avg", "min", "max", "first_value", "last_value"])
def test_of_no_rows_it_is_null(name: str) -> None:
    assert column_to_values(aggregate(name, [column_from_values(INT, [])], group_rows([], 0), [])) == [None]


def test_count_without_an_argument_counts_rows() -> None:
    assert column_to_values(aggregate("count", [], group_rows([column_from_values(KEYWORD, BY)], len(BY)), [])) == [
        2,
        4,
        1,
    ]


def test_a_sum_beyond_64_bits_is_refused() -> None:
    with pytest.raises(EvaluationError, match="64 bits"):
        aggregate("sum", [column_from_values(INT, [INT_MAX, 1])], group_rows([], 2), [])
    with pytest.raises(EvaluationError, match="0 to 100 per cent, not of 101"):
        aggregate("percentile", [column_from_values(INT, [1])], group_rows([], 1), [101])


VALUES: dict[Type, st.SearchStrategy[Any]] = {
    INT: st.integers(-(2**63), INT_MAX) | st.integers(-3, 3),
    FLOAT: st.floats(allow_nan=False) | st.sampled_from([0.0, -0.0, 1.5]),
    BOOL: st.booleans(),
    TEXT: st.text(max_size=2),
    KEYWORD: st.sampled_from(["a", "b", "é", "z", "\U0001f600", "\uffff"]),
    DURATION: st.builds(Duration, st.just(0), st.integers(-5, 5)),
    list_of(INT): st.lists(st.none() | st.integers(0, 2), max_size=2),
}


@st.composite
def columns(draw: st.DrawFn) -> list[tuple[Type, list[Value]]]:
    length = draw(st.integers(0, 12))
    types = draw(st.lists(st.sampled_from(list(VALUES)), min_size=1, max_size=3))
    return [(t, draw(st.lists(st.none() | VALUES[t], min_size=length, max_size=length))) for t in types]


def key_of(value: Value) -> Any:
    if isinstance(value, list):
        return (False, [key_of(item) for item in value])
    return (value is None, 0 if value is None else value)


@settings(max_examples=150, deadline=None)
@given(columns(), st.lists(st.booleans(), min_size=3, max_size=3), st.integers(0, 13))
def test_order_is_that_of_python(table: list[tuple[Type, list[Value]]], downs: list[bool], k: int) -> None:
    length = len(table[0][1])
    expected = list(range(length))
    for (_, values), down in reversed(list(zip(table, downs, strict=False))):
        nulls = [row for row in expected if values[row] is None]
        there = [row for row in expected if values[row] is not None]
        expected = sorted(there, key=lambda row: key_of(values[row]), reverse=down)
        expected += nulls
    keys = [(column_from_values(type_, values), down) for (type_, values), down in zip(table, downs, strict=False)]
    assert argsort(keys, length).tolist() == expected
    assert top_k(keys, length, k).tolist() == expected[:k]


@settings(max_examples=100, deadline=None)
@given(columns())
def test_groups_are_those_of_python(table: list[tuple[Type, list[Value]]]) -> None:
    length = len(table[0][1])
    rows = [tuple(key_of(values[row]) for _, values in table) for row in range(length)]
    distinct = sorted({repr(row): row for row in sorted(rows)}.values())
    distinct = [row for i, row in enumerate(distinct) if i == 0 or row != distinct[i - 1]]
    groups = group_rows([column_from_values(type_, values) for type_, values in table], length)
    assert groups.group_ids.tolist() == [distinct.index(row) for row in rows]
    assert groups.first_rows.tolist() == [rows.index(row) for row in distinct]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.none() | st.integers(-2, 2)), st.none() | st.integers(1, 4))
def test_counts_are_those_of_python(values: list[Value], limit: int | None) -> None:
    counter = Counter(v for v in values if v is not None)
    expected: list[tuple[Value, int]] = sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
    expected += [(None, values.count(None))] if None in values else []
    assert value_counts(column_from_values(INT, values), limit) == expected[:limit]


def test_a_list_counts_once_for_each_of_its_items() -> None:
    tags: list[Value] = [["b", "a", "b"], None, [], ["a", None], ["c"]]
    assert value_counts(column_from_values(list_of(KEYWORD), tags), None) == [("a", 2), ("b", 1), ("c", 1), (None, 1)]
    assert value_counts(column_from_values(list_of(KEYWORD), tags).take(np.array([4, 0, 3])), 1) == [("a", 2)]


@settings(max_examples=200, deadline=None)
@given(st.integers(-59_000_000_000_000_000, 240_000_000_000_000_000), st.integers(-300, 300))
def test_months_are_added_as_one_time_at_a_time(micros: int, months: int) -> None:
    found = add_months_to_all(np.array([micros]), np.array([months]), None, DUMMY_SPAN)
    assert found.tolist() == [add_months(micros, months)]


def test_sums_and_means_are_those_of_python() -> None:
    values = [float(v) / 7 for v in range(1000)]
    groups = group_rows([column_from_values(INT, [v % 3 for v in range(1000)])], 1000)
    means = column_to_values(aggregate("avg", [column_from_values(FLOAT, values)], groups, []))
    assert means == pytest.approx([fmean(values[i::3]) for i in range(3)])


BUILT: list[tuple[Type, list[Value]]] = [
    (INT, [1, None, -(2**63)]),
    (TIME, [0, None]),
    (FLOAT, [1.5, None]),
    (KEYWORD, ["a", None, "a"]),
    (KEYWORD, [None]),
    (TEXT, ["", None]),
    (DURATION, [Duration(0, 5), None]),
    (DURATION, [Duration(1, 5), None, Duration(0, 2)]),
    (list_of(KEYWORD), [["a", None], [], None]),
    (Type(NULL.kind), [None, None]),
    (INT, []),
]


@pytest.mark.parametrize(("type_", "values"), BUILT)
def test_values_come_back_as_they_went_in(type_: Type, values: list[Value]) -> None:
    column = column_from_values(type_, values)
    assert column_to_values(column) == values
    assert column_to_values(concatenate(type_, [column, null_column(type_, 2), column])) == [
        *values,
        None,
        None,
        *values,
    ]
    assert column_to_values(constant_column(type_, values[0], 2)) == [values[0]] * 2 if values else True
