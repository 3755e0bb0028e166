"""Each operator and function over four rows, against values worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import numpy as np
import pytest

from kernels.library import LIBRARY, F, T, moments
from kernels.table import DAY, NOW, Table, bound, rows, run, values
from paasq_daemon.kernels.aggregate import grouping  # noqa: F401 - registers the aggregates
from paasq_daemon.kernels.aggregate.functions import AGGREGATE_KERNELS
from paasq_daemon.kernels.columns import column_to_values
from paasq_daemon.kernels.context import SCALAR_KERNELS
from paasq_daemon.kernels.evaluate import evaluate, evaluate_scalar
from paasq_daemon.kernels.window.functions import WINDOW_KERNELS
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import NULL_PROPAGATES, FunctionKind
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.parser import parse_script
from paasq_dsl.types import KEYWORD
from paasq_dsl.values import Duration, Value, parse_time

OPERATORS = {
    "==", "!=", "<", "<=", ">", ">=", "in", "not in", "in range", "not in range", "has", "has any", "has all",
    "and", "or", "not", "+", "-", "*", "/", "%", "negate", "..", "[]",
}  # fmt: skip


CASES: dict[str, list[Value]] = {
    # equality is null-safe and two-valued
    "n == 3": [T, F, F, F],
    "n != 3": [F, T, T, T],
    "n == null": [F, T, F, F],
    "null != n": [T, F, T, T],
    "n == f": [F, F, F, F],
    "n == -2.0": [F, F, T, F],
    's == "b"': [T, F, F, T],
    's != "nowhere"': [T, T, T, T],
    "s == other": [T, F, T, F],
    "s == text": [F, F, F, T],
    'text == "b"': [F, F, F, T],
    "owner == person:bo": [F, T, F, F],
    'owner != "bo"': [T, F, T, T],
    "ok == true": [T, F, F, T],
    "at_ == @now": [F, F, F, T],
    "long == 24h": [T, F, F, F],
    "tags == more": [F, T, F, F],
    "null == null": [T, T, T, T],
    # order: never with null
    "n < 1": [F, F, T, T],
    "n <= f": [F, F, F, F],
    "f >= -2.5": [T, T, F, T],
    "n > null": [F, F, F, F],
    's > "a"': [T, F, F, T],
    "other >= s": [T, F, F, T],
    "text < s": [T, F, F, F],
    "ok < true": [F, T, F, F],
    "long < 1mo": [T, F, T, T],
    "at_ < @2000-01-01": [F, F, T, F],
    # membership
    "n in [3, null]": [T, T, F, F],
    "n not in [3, 4.0]": [F, T, T, T],
    "n in []": [F, F, F, F],
    's in ["b", "c", "d", "e", "f"]': [T, F, F, T],
    's not in ["a", null]': [T, F, F, T],
    'text in ["b", "c"]': [F, F, F, T],
    "s in tags": [T, F, F, T],
    's in [other, "a"]': [T, T, T, F],
    "n in -2..3": [F, F, T, T],
    "n not in -2..3": [T, T, F, F],
    "at_ in @yesterday..@tomorrow": [F, F, F, T],
    'tags has "a"': [T, F, F, F],
    "tags has null": [F, F, F, T],
    "tags has s": [T, F, F, T],
    "tags has other": [T, F, F, F],
    "ns has 2.0": [T, F, F, F],
    'tags has any ["a", "z"]': [T, F, F, F],
    'tags has any [null, "a"]': [T, F, F, T],
    "tags has any []": [F, F, F, F],
    "tags has any more": [T, F, F, T],
    'tags has all ["a", "b"]': [T, F, F, F],
    "tags has all []": [T, T, F, T],
    "tags has all more": [T, T, F, F],
    "ns has all [1, 2]": [T, F, F, F],
    # logic
    "ok and n > 0": [T, F, F, F],
    "ok or n == -2": [T, F, T, T],
    "not ok": [F, T, T, F],
    "ok or $nothing": [T, F, F, T],
    # arithmetic
    "n + 1": [4, None, -1, 1],
    "n - f": [1.5, None, None, 2.5],
    "n * n": [9, None, 4, 0],
    "6 / n": [2.0, None, -3.0, None],
    "f / 0": [None, None, None, None],
    "7 % n": [1, None, -1, None],
    "n % 2": [1, None, 0, 0],
    "f % 2": [1.5, 0.0, None, 1.5],
    "-n": [-3, None, 2, 0],
    "-f": [-1.5, -0.0, None, 2.5],
    "n + null": [None] * 4,
    "1 + 2 * 3": [7] * 4,
    "at_ + 1mo": moments("2024-03-29T10:30Z", None, "1970-01-31T23:59:59Z", "2026-12-22T12:00Z"),
    "1y + at_": moments("2025-02-28T10:30Z", None, "1970-12-31T23:59:59Z", "2027-11-22T12:00Z"),
    "at_ - 1d": [parse_time("2024-02-28T10:30Z"), None, parse_time("1969-12-30T23:59:59Z"), NOW - DAY],
    "at_ + long": [parse_time("2024-03-01T10:30Z"), None, parse_time("1969-12-30T23:59:59Z"), NOW],
    "@now - at_ == 0s": [F, F, F, T],
    "long + 12h": [Duration(0, 3 * DAY // 2), None, Duration(0, -DAY // 2), Duration(0, DAY // 2)],
    "long - 1mo": [Duration(-1, DAY), None, Duration(-1, -DAY), Duration(-1, 0)],
    "-long": [Duration(0, -DAY), None, Duration(0, DAY), Duration()],
    "long * 0.5": [Duration(0, DAY // 2), None, Duration(0, -DAY // 2), Duration()],
    "2 * long": [Duration(0, 2 * DAY), None, Duration(0, -2 * DAY), Duration()],
    "1mo * n": [Duration(3, 0), None, Duration(-2, 0), Duration()],
    "1y / 2": [Duration(6, 0)] * 4,
    "1d / n == 8h": [T, F, F, F],
    "long / 12h": [2.0, None, -2.0, 0.0],
    # links and lists
    "owner->name": ["Ana", "Bo", None, None],
    "friends->name": [["Ana", "Bo"], [], None, ["Ana"]],
    "[n, 7]": [[3, 7], [None, 7], [-2, 7], [0, 7]],
    '[s, "z"]': [["b", "z"], ["a", "z"], [None, "z"], ["b", "z"]],
    "first(tags)": ["b", None, None, "b"],
    "last(ns)": [2, None, None, 3],
    "at(ns, 1)": [2, None, None, None],
    "at(ns, n)": [None, None, None, 3],
    "at([1, 2, 3], n)": [None, None, None, 1],
    'join(tags, "-")': ["b-a", "", None, "b"],
    'join(ns, ", ")': ["1, 2, 2", "", None, "3"],
    "length(tags)": [2, 0, None, 2],
    # choices
    "if(ok, n, f)": [3.0, 0.0, None, 0.0],
    'if(n > 0, s, "none")': ["b", "none", "none", "none"],
    "if(ok, tags, more)": [["b", "a"], [], ["a"], ["b", None]],
    "if(ok, 1d, 1mo)": [Duration(0, DAY), Duration(1), Duration(1), Duration(0, DAY)],
    "coalesce(n, 9)": [3, 9, -2, 0],
    'coalesce(other, s, "?")': ["b", "a", "?", "c"],
    "coalesce(text, s)": ["Ab cd", "a", " x ", "b"],
    "is_null(tags)": [F, F, T, F],
    "least(n, 1, f)": [1.0, 0.0, -2.0, -2.5],
    'greatest(s, other, "a")': ["b", "a", "a", "c"],
    # conversions
    "int(f)": [1, 0, None, -2],
    "int(ok)": [1, 0, None, 1],
    'int("4.2")': [None] * 4,
    'int(" -42 ")': [-42] * 4,
    'int("99999999999999999999")': [None] * 4,
    "int(1e30)": [None] * 4,
    "float(n)": [3.0, None, -2.0, 0.0],
    'float("nan")': [None] * 4,
    'float("1e3")': [1000.0] * 4,
    "string(n)": ["3", None, "-2", "0"],
    "string(ok)": ["true", "false", None, "true"],
    "string(at_)": ["2024-02-29T10:30:00Z", None, "1969-12-31T23:59:59Z", "2026-11-22T12:00:00Z"],
    "string(long)": ["1d", None, "-1d", "0s"],
    "string(tags)": ["[b, a]", "[]", None, "[b, null]"],
    'time("tomorrow")': [None] * 4,
    # numbers
    "abs(n)": [3, None, 2, 0],
    "abs(f)": [1.5, 0.0, None, 2.5],
    "round(f)": [2.0, 0.0, None, -2.0],
    "round(2.675, n)": [2.675, None, 0.0, 3.0],
    "floor(f)": [1, 0, None, -3],
    "ceil(f)": [2, 0, None, -2],
    "ceil(1e300)": [None] * 4,
    "sqrt(n)": [3**0.5, None, None, 0.0],
    "exp(1000 * n) == null": [T, T, F, F],
    "ln(n)": [1.0986122886681098, None, None, None],
    "log10(f)": [0.17609125905568124, None, None, None],
    "power(f, 0.5)": [1.5**0.5, 0.0, None, None],
    # texts
    "upper(s)": ["B", "A", None, "B"],
    "lower(text)": ["ab cd", None, " x ", "b"],
    "trim(text)": ["Ab cd", None, "x", "b"],
    "length(text)": [5, None, 3, 1],
    "length(s)": [1, 1, None, 1],
    'contains(text, "b")': [T, None, F, T],
    "contains(text, s)": [T, None, None, T],
    'starts_with(s, "b")': [T, F, None, T],
    'ends_with(text, "d")': [T, None, F, F],
    'concat(s, "-", n)': ["b-3", "a-", "--2", "b-0"],
    "concat()": [""] * 4,
    'replace(text, "b", s)': ["Ab cd", None, None, "b"],
    'replace(s, "", "x")': ["b", "a", None, "b"],
    "substring(text, 1, 2)": ["b ", None, "x ", ""],
    "substring(text, n)": ["cd", None, " x ", "b"],
    'split(text, " ")': [["Ab", "cd"], None, ["", "x", ""], ["b"]],
    "words(text)": [2, None, 1, 1],
    "snippet(text, 2)": ["Ab", None, " x", "b"],
    "highlights(text)": [[0, 5], None, [0, 3], [0, 1]],
    "highlight(text, 2)": ["Ab«!»", None, " x«!»", "b«!»"],
    # times
    "year(at_)": [2024, None, 1969, 2026],
    "month(at_)": [2, None, 12, 11],
    "day(at_)": [29, None, 31, 22],
    "hour(at_)": [10, None, 23, 12],
    "minute(at_)": [30, None, 59, 0],
    "weekday(at_)": [4, None, 3, 7],
    "date(at_)": moments("2024-02-29", None, "1969-12-31", "2026-11-22"),
    "bucket(at_, 1w)": moments("2024-02-26", None, "1969-12-29", "2026-11-16"),
    "bucket(at_, 3mo)": moments("2024-01-01", None, "1969-10-01", "2026-10-01"),
    "bucket(at_, 10y)": moments("2020-01-01", None, "1960-01-01", "2020-01-01"),
    "bucket(at_, 6h)": [parse_time("2024-02-29T06:00Z"), None, parse_time("1969-12-31T18:00Z"), NOW],
    "bucket(n, 2)": [2.0, None, -2.0, 0.0],
    "bucket(f, 0.5)": [1.5, 0.0, None, -2.5],
    "seconds(long)": [86400.0, None, -86400.0, 0.0],
    "age(at_) == @now - at_": [T, T, T, T],
    "recency(@now - long, 1d)": [0.5, 0.0, 1.0, 1.0],
    "recency(at_, 1d) < 0.01": [T, T, T, F],
    # vectors
    "similarity(v, v)": [1.0, None, 1.0, None],
    **LIBRARY,
}  # fmt: skip


@pytest.mark.parametrize("text", CASES)
@pytest.mark.filterwarnings("error")
def test_gives(text: str) -> None:
    found = values(text, nothing=None)
    assert found == pytest.approx(CASES[text]) if isinstance(found[0], float) else found == CASES[text]
    assert [type(v) for v in found] == [type(v) for v in CASES[text]]


def test_every_function_has_a_kernel_and_no_kernel_is_extra() -> None:
    scalars, aggregates, windows = (
        {name for name, f in FUNCTIONS.items() if f.kind is kind} for kind in FunctionKind
    )  # fmt: skip
    assert set(SCALAR_KERNELS) == OPERATORS | scalars
    assert set(AGGREGATE_KERNELS) == aggregates
    assert set(WINDOW_KERNELS) == windows


@pytest.mark.parametrize("name", [name for name, f in FUNCTIONS.items() if f.kind is FunctionKind.SCALAR])
def test_the_example_of_each_function_is_true(name: str) -> None:
    example = FUNCTIONS[name].example.replace("(title", "(text")
    assert values(example, v=[0.6, 0.8])[0] is True


@pytest.mark.parametrize("name", [name for name, f in FUNCTIONS.items() if f.null_handling == NULL_PROPAGATES])
def test_null_gives_null(name: str) -> None:
    """Each argument of the example in turn, where it does not say otherwise."""
    example = FUNCTIONS[name].example.replace("(title", "(text")
    script, _ = parse_script(f"from row|where {example}")
    for call in calls(script.statements[0].stages[0].node):
        for argument in call.arguments if call.name == name else ():
            start, end = (place - len("where ") for place in (argument.span.start, argument.span.end))
            nulled = (
                f"{example[call.span.start - len('where ') : start]}null{example[end : call.span.end - len('where ')]}"
            )
            assert values(nulled, v=[0.6, 0.8]) == [None] * 4, nulled


def calls(node: object) -> Iterator[tree.Call]:
    if isinstance(node, tree.Call):
        yield node
    for part in fields(node) if is_dataclass(node) else ():
        value = getattr(node, part.name)
        for item in value if isinstance(value, tuple) else (value,):
            yield from calls(item)


def test_every_function_has_a_case() -> None:
    text = " ".join(CASES)
    scalars = {name for name, f in FUNCTIONS.items() if f.kind is FunctionKind.SCALAR}
    assert {name for name in scalars if f"{name}(" not in text} == set()


def test_every_operator_has_a_case() -> None:
    text = " ".join(CASES)
    words = {word.removesuffix(" range") for word in OPERATORS} - {"negate", "[]"}
    assert {word for word in words if word not in text} == set()


@pytest.mark.parametrize("text", CASES)
def test_of_no_rows_gives_no_rows(text: str) -> None:
    none = np.zeros(0, np.int64)
    empty = Table({name: column.take(none) for name, column in rows().columns.items()}, 0)
    assert column_to_values(evaluate(bound(text), empty, run(nothing=None))) == []


@pytest.mark.parametrize("text", CASES)
def test_each_row_alone_gives_what_it_gives_among_others(text: str) -> None:
    alone = []
    for row in range(4):
        table = Table({name: column.take(np.array([row])) for name, column in rows().columns.items()}, 1)
        alone += column_to_values(evaluate(bound(text), table, run(nothing=None)))
    found = values(text, nothing=None)
    assert alone == (pytest.approx(found) if isinstance(found[0], float) else found)


def test_scalar_gives_python_values() -> None:
    assert evaluate_scalar(bound("@today + 9h"), run()) == parse_time("2026-11-22T09:00Z")
    assert evaluate_scalar(bound("90min * 2"), run()) == Duration(0, 3 * 3_600_000_000)
    assert evaluate_scalar(bound('["a", "b"]'), run()) == ["a", "b"]
    assert evaluate_scalar(bound("null"), run()) is None
    assert bound('"a"').type == KEYWORD
