"""Each window function over six rows in two groups, against values worked out by hand; and what is hard about them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from statistics import median
from typing import Any

import numpy as np
import pytest

from kernels.table import DAY, NOW, Table, bound, catalog, rows, run
from paasq_daemon.backends.backend import ExecutionInputs
from paasq_daemon.kernels.columns import column_from_values, column_to_values
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.window.evaluate import evaluate_window_calls
from paasq_daemon.kernels.window.frames import Frames, median_frames, reduce_frames
from paasq_dsl.bound import ColumnRef, FunctionCall, NamedExpression
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind
from paasq_dsl.types import BOOL, DURATION, FLOAT, INT, KEYWORD, TIME, Type
from paasq_dsl.values import INT_MAX, Duration, Value
from paasq_dsl.values import MONTH_MICROS as MONTH
from reference.records import Records
from reference.values import Evaluator
from reference.windows import with_windows

# the groups x and y take turns: x has the rows 0, 2, 3, 5, y the rows 1, 4
COLUMNS: Mapping[str, tuple[Type, list[Value]]] = {
    "g": (KEYWORD, ["x", "y", "x", "x", "y", "x"]),
    "n": (INT, [4, 10, None, 1, 20, 4]),
    "f": (FLOAT, [0.5, None, 2.0, -1.0, 3.0, None]),
    "s": (KEYWORD, ["b", "a", "c", None, "a", "a"]),
    "ok": (BOOL, [False, True, None, True, False, False]),
    "at_": (TIME, [0, DAY, DAY, 3 * DAY, 4 * DAY, 4 * DAY]),
    "gap": (TIME, [0, 0, None, 2 * DAY, 5 * DAY, 2 * DAY]),
    "long": (DURATION, [Duration(1), Duration(0, DAY), None, Duration(0, DAY), Duration(), Duration(0, 3 * DAY)]),
}
N = None
CASES: dict[str, list[Value]] = {
    "row_number()": [1, 1, 2, 3, 2, 4],
    "lag(n)": [N, N, 4, N, 10, 1],
    "lag(s, 2)": [N, N, N, "b", N, "c"],
    "lag(long)": [N, N, Duration(1), N, Duration(0, DAY), Duration(0, DAY)],
    "lag(n, 0)": [4, 10, N, 1, 20, 4],
    f"lag(n, {INT_MAX})": [N] * 6,
    "lead(n)": [N, 20, 1, 4, N, N],
    f"lead(ok, {INT_MAX})": [N] * 6,
    "delta(n)": [N, N, N, N, 10, 3],
    "delta(f)": [N, N, 1.5, -3.0, N, N],
    "delta(at_)": [N, N, *[Duration(0, d * DAY) for d in (1, 2, 3, 1)]],
    "delta(long)": [N, N, N, N, Duration(0, -DAY), Duration(0, 2 * DAY)],
    "rate(n, at_)": [N, N, N, N, 10 / 259_200, 3 / 86_400],
    "rate(f, at_, 1d)": [N, N, 1.5, -1.5, N, N],
    "rate(n, gap, 2d)": [N, N, N, N, 4.0, N],
    "running_sum(n)": [4, 10, 4, 5, 30, 9],
    "running_sum(f)": [0.5, 0.0, 2.5, 1.5, 3.0, 1.5],
    "running_sum(long)": [Duration(1), Duration(0, DAY), Duration(1), Duration(1, DAY), Duration(0, DAY), Duration(1, 4 * DAY)],
    "running_avg(long)": [Duration(1), Duration(0, DAY), Duration(1), Duration(0, (MONTH + DAY) // 2),
                          Duration(0, DAY // 2), Duration(0, (MONTH + 4 * DAY) // 3)],
    "moving_sum(long, 2)": [Duration(1), Duration(0, DAY), Duration(1), Duration(0, DAY), Duration(0, DAY), Duration(0, 4 * DAY)],
    "moving_avg(long, 1d, at_)": [Duration(1), Duration(0, DAY), N, Duration(0, DAY), Duration(), Duration(0, 3 * DAY)],
    "running_avg(n)": [4.0, 10.0, 4.0, 2.5, 15.0, 3.0],
    "running_min(s)": ["b", "a", "b", "b", "a", "a"],
    "running_max(ok)": [False, True, False, True, True, True],
    "running_max(long)": [*[Duration(1), Duration(0, DAY)], Duration(1), Duration(1), Duration(0, DAY), Duration(1)],
    "running_count(f)": [1, 0, 2, 3, 1, 3],
    "moving_sum(n, 2)": [4, 10, 4, 1, 30, 5],
    "moving_sum(f, 1)": [0.5, 0.0, 2.0, -1.0, 3.0, 0.0],
    "moving_sum(n, 2d, at_)": [4, 10, 4, 1, 20, 5],
    "moving_avg(f, 2)": [0.5, N, 1.25, 0.5, 3.0, -1.0],
    "moving_avg(n, 1d, at_)": [4.0, 10.0, N, 1.0, 20.0, 4.0],
    "moving_min(n, 3)": [4, 10, 4, 1, 10, 1],
    "moving_min(at_, 2)": [0, DAY, 0, DAY, DAY, 3 * DAY],
    "moving_max(s, 2)": ["b", "a", "c", "c", "a", "a"],
    "moving_max(n, 1mo, at_)": [4, 10, 4, 4, 20, 4],
    "moving_median(n, 9)": [4.0, 10.0, 4.0, 2.5, 15.0, 4.0],
    "moving_median(f, 3)": [0.5, N, 1.25, 0.5, 3.0, 0.5],
    "moving_median(n, 3d, at_)": [4.0, 10.0, 4.0, 1.0, 20.0, 2.5],
    'moving_sum(n, 2d, at_, "Europe/Berlin")': [4, 10, 4, 1, 20, 5],
    "moving_count(f, 2)": [1, 0, 2, 2, 1, 1],
    "moving_count(n, 2d, gap)": [1, 1, N, 2, 1, 2],
    "ema(n, 0.5)": [4.0, 10.0, 4.0, 2.5, 15.0, 3.25],
    "ema(f, 1)": [0.5, N, 2.0, -1.0, 3.0, -1.0],
    "fill_previous(f)": [0.5, N, 2.0, -1.0, 3.0, -1.0],
    "fill_previous(s)": ["b", "a", "c", "c", "a", "a"],
    "share(n)": [4 / 9, 1 / 3, N, 1 / 9, 2 / 3, 4 / 9],
    "share(n - n)": [N] * 6,
    "rank(n)": [2, 1, N, 1, 2, 2],
    "rank(s)": [2, 1, 3, N, 1, 1],
    "dense_rank(n)": [2, 1, N, 1, 2, 2],
    "dense_rank(at_)": [1, 1, 2, 3, 2, 4],
    "lag(null)": [N] * 6,
    "delta(null)": [N] * 6,
    "running_min(null)": [N] * 6,
    "moving_median(null, 2)": [N] * 6,
    "moving_avg(n, $two)": [4.0, 10.0, 4.0, 1.0, 15.0, 2.5],
    "lag($two)": [N, N, 2, 2, 2, 2],
}  # fmt: skip


def call_of(text: str) -> FunctionCall:
    found = bound(text, COLUMNS)
    assert isinstance(found, FunctionCall)
    return found


def computed(text: str, table: Table) -> list[Value]:
    call = call_of(text)
    return column_to_values(evaluate_window_calls([call], [ColumnRef("g", KEYWORD)], table, run(two=2))[call])


@pytest.mark.parametrize("text", CASES)
@pytest.mark.filterwarnings("error")
def test_gives(text: str) -> None:
    assert alike(computed(text, rows(COLUMNS)), CASES[text])


@pytest.mark.parametrize("text", CASES)
def test_the_reference_gives_the_same(text: str) -> None:
    evaluator = Evaluator(Records(catalog(COLUMNS), lambda _: []), ExecutionInputs((), {"two": 2}, NOW))
    table = [{name: values[i] for name, (_, values) in COLUMNS.items()} for i in range(6)]
    (item,), wider = with_windows(
        evaluator, [NamedExpression("x", bound(text, COLUMNS))], [ColumnRef("g", KEYWORD)], table
    )
    assert alike([evaluator.value(item.value, row) for row in wider], CASES[text])


@pytest.mark.parametrize("text", CASES)
def test_of_no_rows_gives_no_rows(text: str) -> None:
    none = np.zeros(0, np.int64)
    assert computed(text, Table({name: c.take(none) for name, c in rows(COLUMNS).columns.items()}, 0)) == []


def test_every_window_function_has_a_case() -> None:
    windows = {name for name, f in FUNCTIONS.items() if f.kind is FunctionKind.WINDOW}
    assert windows == {text.partition("(")[0] for text in CASES}


def alike(found: list[Value], expected: list[Any]) -> bool:
    assert [type(v) for v in found] == [type(v) for v in expected]
    return found == [pytest.approx(v) if isinstance(v, float) else v for v in expected]


def series(values: list[Value], text: str, type_: Type = FLOAT) -> list[Value]:
    """A window function over rows of one group."""
    table = Table({"f": column_from_values(type_, values)}, len(values))
    call = bound(text, {"f": (type_, values)})
    assert isinstance(call, FunctionCall)
    return column_to_values(evaluate_window_calls([call], [], table, run())[call])


def test_a_large_value_spoils_no_window_that_it_is_not_in() -> None:
    assert series([1e17, 1.0, 2.0, 3.0], "moving_sum(f, 2)")[2:] == [3.0, 5.0]
    assert series([1e308, 1e308, 1.0, 2.0], "moving_avg(f, 2)") == [1e308, None, 5e307, 1.5]


def test_long_windows_are_summed_with_small_errors() -> None:
    found = series([0.1] * 10_000, "moving_sum(f, 4096)")
    assert abs(Fraction(found[-1]) - 4096 * Fraction(0.1)) <= Fraction(1, 2**40)  # type: ignore[arg-type]  # a float, of all that a value may be


def test_ints_are_exact_or_refused() -> None:
    large = INT_MAX - 1
    assert series([large, 1, -large, 5], "running_sum(f)", INT) == [large, INT_MAX, 1, 6]
    assert series([large, 1, 1, -9], "moving_sum(f, 2)", INT) == [large, INT_MAX, 2, -8]
    with pytest.raises(EvaluationError, match="outside the 64 bits"):
        series([large, 1, 1], "running_sum(f)", INT)
    with pytest.raises(EvaluationError, match="outside the 64 bits"):
        series([large, -large], "delta(f)", INT)


def test_lists_beside_each_row_fill_no_memory() -> None:
    assert series([1.0, 2.0], "collect(f)") == [[1.0, 2.0]] * 2
    with pytest.raises(EvaluationError, match="collect would make lists of more than 10,000,000 items"):
        series([1.0] * 4_000, "collect(f)")


def test_times_that_descend_name_the_mend() -> None:
    with pytest.raises(EvaluationError, match="put `sort f` before this stage"):
        series([2 * DAY, DAY], "moving_count(f, 7d, f)", TIME)


@pytest.mark.parametrize("longest", [1, 7, 100, 5_000])
def test_ranges_over_many_blocks_are_those_of_a_loop(longest: int) -> None:
    rng = np.random.default_rng(7)
    count = 70_000
    values = rng.integers(-50, 50, count).astype(np.float64)
    ends = np.arange(1, count + 1)
    ranges = Frames(np.maximum(ends - rng.integers(0, longest + 1, count), 0), ends)
    asked = rng.integers(0, count, 40)
    sums, middles = reduce_frames(np.add, values, ranges, 0.0), median_frames(values, ranges)
    for i in asked:
        inside = values[ranges.starts[i] : ranges.ends[i]].tolist()
        assert sums[i] == sum(inside)
        assert middles[i] == median(inside) if inside else np.isnan(middles[i])
