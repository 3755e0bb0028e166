"""What is wrong with a value of a run is said with a place, and never passes silently."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from kernels.table import bound, rows, run, values
from paasq_daemon.kernels.errors import EvaluationError
from paasq_daemon.kernels.evaluate import evaluate
from paasq_daemon.kernels.output_limits import MemoryLimit
from paasq_daemon.kernels.parameters import bind_parameter, infer_type
from paasq_dsl.bound import ParameterRef, Subquery
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.source_text import DUMMY_SPAN
from paasq_dsl.types import (
    BOOL,
    DURATION,
    FLOAT,
    INT,
    KEYWORD,
    TEXT,
    TIME,
    Type,
    link_to,
    list_of,
    vector_of,
)  # fmt: skip
from paasq_dsl.values import INT_MAX, INT_MIN, Duration, parse_time

REFUSED = {  # expression -> code, and how its sentence begins
    f"n + {INT_MAX}": ("PQ0780", "the result is outside the 64 bits of an int"),
    f"-n - {INT_MAX} - 3": ("PQ0780", "the result is outside the 64 bits of an int"),
    f"n * {INT_MAX}": ("PQ0780", "the result is outside the 64 bits of an int"),
    f"-(0 * n - {INT_MAX} - 1)": ("PQ0780", "the result is outside the 64 bits of an int"),
    "1y * 1000000": ("PQ0783", "this duration is longer than durations go"),
    "(1y * 200000) + (1y * 200000)": ("PQ0783", "this duration is longer than durations go"),
    "(1y * 200000) + (1d * 100000000)": ("PQ0783", "this duration is longer than durations go"),
    "-(1y * 200000) - (1y * 200000)": ("PQ0783", "this duration is longer than durations go"),
    "at_ + 9000y": ("PQ0782", "this time is further away than times go"),
    "at_ - 3000y": ("PQ0782", "this time is further away than times go"),
    "from_unix(1e12)": ("PQ0782", "this time is further away than times go"),
    "1y * 1e300": ("PQ0780", "the result is outside the 64 bits of an int"),
    "bucket(at_, 0s)": ("PQ0757", "the width of a bucket must be greater than zero"),
    "bucket(at_, 1mo + 1d)": ("PQ0755", "a bucket is of whole months or of a fixed time, not of both"),
    "bucket(n, 0 - n)": ("PQ0757", "the width of a bucket must be greater than zero"),
    "recency(at_, 0s)": ("PQ0758", "a half-life must be greater than zero"),
    "snippet(text, 0)": ("PQ0768", "snippet needs a number of characters above 0, not 0"),
    'matches(text, "(")': ("PQ0770", "'(' is not a regular expression: missing ): ("),
    f'matches(text, "{"a" * 1001}")': ("PQ0773", "a regular expression may have 1,000 characters at most"),
    'matches(text, "(.)\\\\1")': ("PQ0770", "'(.)\\\\1' is not a regular expression: invalid escape sequence: \\1"),
    'extract(text, "a", 1)': ("PQ0771", "'a' has 0 groups, and none of number 1"),
    'replace_regex(text, "a", "\\\\1")': (
        "PQ0772",
        "'\\\\1' means nothing here: the regular expression has 0 groups",
    ),
    'replace_regex(repeat("a", 2000), "a", repeat("b",999))': (
        "PQ0796",
        "replace_regex would make a text of more than 1,000,000 characters",
    ),
    "repeat(text, 1000000)": ("PQ0796", "repeat would make a text of more than 1,000,000 characters"),
    "pad_end(text, 1000009)": ("PQ0796", "pad_end would make a text of more than 1,000,000 characters"),
    'format("{1}", n)': ("PQ0769", "{1} asks for an argument that format was not given; {0} is the one after the text"),
    'hour(at_, concat("Europe/", "Berln"))': ("PQ0704", "there is no time zone Europe/Berln"),
    'hour(at_, concat("../", "etc/passwd"))': ("PQ0704", "there is no time zone ../etc/passwd"),
    'start_of(at_, "weeks")': ("PQ0754", "there is no unit 'weeks' of the calendar"),
    'format_time(at_, "%Q")': ("PQ0775", "a format of times has no %Q"),
    'parse_time(s, "%d %d")': (
        "PQ0776",
        "parse_time can't read by '%d %d': each part may occur once, and %Z not at all",
    ),
    "dot(v, [1, 2, 3])": ("PQ0777", "a vector of 2 numbers has no angle to one of 3"),
    f"list_sum([{INT_MAX}, 1])": ("PQ0781", "a sum is outside the 64 bits of an int"),
    f"from_unix({INT_MAX})": ("PQ0780", "the result is outside the 64 bits of an int"),
    f"if(n > 0, {INT_MAX} + n, n)": ("PQ0780", "the result is outside the 64 bits of an int"),
    "bool($nothing) and case($word, 1, 2) == 1": ("PQ0705", "$word must be true or false, not 'x'"),
    "dot(v, $word)": ("PQ0705", "$word must be a list of numbers, not 'x'"),
    "abs($word)": ("PQ0705", "$word must be an int, not 'x'"),
    "bucket($word, 2)": ("PQ0301", f"bucket takes {FUNCTIONS['bucket'].usage}, not (keyword, int)"),
    "$word + $word": ("PQ0779", "+ can't take keyword and keyword"),
    "[$word, n]": ("PQ0750", "int and keyword have no type together"),
    "similarity(v, $long_vector)": ("PQ0777", "a vector of 2 numbers has no angle to one of 3"),
}
PARAMETERS: dict[str, Any] = {"word": "x", "long_vector": [1, 2, 3], "nothing": None}


@pytest.mark.parametrize("text", REFUSED)
def test_refuses_by_name_and_place(text: str) -> None:
    expression = bound(text)
    with pytest.raises(EvaluationError) as refused:
        evaluate(expression, rows(), run(**PARAMETERS))
    code, begins = REFUSED[text]
    assert refused.value.code == code
    assert refused.value.message.startswith(begins)
    assert refused.value.span.end > refused.value.span.start > 0


def test_what_is_null_does_not_overflow() -> None:
    assert values(f"if(n == 3, null, n) + {INT_MAX} > 0") == [False, False, True, True]


def test_replace_does_not_grow_without_limit() -> None:
    with pytest.raises(EvaluationError, match="more than 1,000,000 characters"):
        values('replace($a, "a", $a)', a="a" * 2000)


def test_lists_do_not_grow_without_limit() -> None:
    room = MemoryLimit("append", DUMMY_SPAN, items=True)
    room.reserve(9_999_999)
    with pytest.raises(EvaluationError, match="append would make lists of more than 10,000,000 items together"):
        room.reserve(2)


FITS: list[tuple[Type, Any, Any]] = [
    (KEYWORD, "x", "x"),
    (TEXT, "x", "x"),
    (link_to("person"), "ana", "ana"),
    (INT, 3, 3),
    (INT, 3.0, 3),
    (INT, INT_MIN, INT_MIN),
    (FLOAT, 3, 3.0),
    (BOOL, True, True),
    (TIME, "2026-11-22", parse_time("2026-11-22")),
    (TIME, "2026-11-22T10:00:00+01:00", parse_time("2026-11-22T09:00Z")),
    (TIME, 5, 5),
    (TIME, date(1970, 1, 2), 86_400_000_000),
    (TIME, datetime(1970, 1, 2, tzinfo=UTC), 86_400_000_000),
    (DURATION, "1h30min", Duration(0, 5_400_000_000)),
    (DURATION, "-1mo", Duration(-1)),
    (DURATION, timedelta(seconds=1), Duration(0, 1_000_000)),
    (DURATION, Duration(2), Duration(2)),
    (list_of(TIME), ["1970-01-01", None], [0, None]),
    (list_of(KEYWORD), ("a", "b"), ["a", "b"]),
    (vector_of(2), [1, 0.5], [1.0, 0.5]),
    (vector_of(None), (1,), [1.0]),
    (INT, None, None),
]
UNFIT: list[tuple[Type, Any, str]] = [
    (KEYWORD, 3, "$p must be a text, not 3"),
    (link_to("person"), 3, "$p must be the key of a person, not 3"),
    (INT, "3", "$p must be an int, not '3'"),
    (INT, True, "$p must be an int, not True"),
    (INT, 2**63, f"$p must be an int of 64 bits, not {2**63}"),
    (INT, 1.5, "$p must be an int, not 1.5"),
    (FLOAT, "1", "$p must be a number, not '1'"),
    (FLOAT, float("inf"), "$p must be a finite number, not inf"),
    (FLOAT, 10**400, "$p must be a finite number, not 1" + "0" * 59 + "..."),
    (BOOL, 1, "$p must be true or false, not 1"),
    (TIME, "soon", "$p must be a time such as 2026-11-22 or 2026-11-22T09:30:00Z, not 'soon'"),
    (TIME, 1.5, "$p must be a time such as 2026-11-22 or 2026-11-22T09:30:00Z, not 1.5"),
    (DURATION, "5m", "$p must be a duration such as 7d, 90min or 1h30min, not '5m'"),
    (DURATION, 5, "$p must be a duration such as 7d, 90min or 1h30min, not 5"),
    (list_of(INT), "12", "$p must be a list [int], not '12'"),
    (list_of(INT), [1, "2"], "$p must be a list [int], each item an int, not [1, '2']"),
    (vector_of(3), [1.0], "$p must be 3 numbers (it has 1), not [1.0]"),
    (vector_of(3), ["a"], "$p must be a list of numbers, not ['a']"),
    (TEXT, {}, "$p must be a text, not {}"),
]


@pytest.mark.parametrize(("type_", "raw", "expected"), FITS, ids=repr)
def test_a_parameter_becomes_the_type_asked(type_: Type, raw: Any, expected: Any) -> None:
    found_type, found = bind_parameter(ParameterRef("p", type_), {"p": raw})
    assert found_type == type_
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("type_", "raw", "message"), UNFIT, ids=lambda v: str(v)[:40])
def test_a_parameter_that_does_not_fit_says_what_would(type_: Type, raw: Any, message: str) -> None:
    with pytest.raises(EvaluationError) as refused:
        bind_parameter(ParameterRef("p", type_), {"p": raw})
    assert (refused.value.code, refused.value.message) == ("PQ0705", message)


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(EvaluationError) as refused:
        values("n == $wanted")
    assert refused.value.code == "PQ0702"
    assert refused.value.message.startswith("no value was given for $wanted; give it")


def test_a_parameter_without_a_type_brings_its_own() -> None:
    assert infer_type([1, 2.5]) == list_of(FLOAT)
    assert infer_type(date(2026, 1, 1)) == TIME
    assert values("coalesce($p, $q)", p=None, q="x") == ["x"] * 4
    assert values("coalesce(n, $p)", p=0.5) == [3.0, 0.5, -2.0, 0.0]
    with pytest.raises(EvaluationError, match=r"\$p must be a text, number"):
        values("is_null($p)", p=object())


def test_a_pipeline_that_was_not_run_has_no_values() -> None:
    with pytest.raises(EvaluationError) as refused:
        evaluate(Subquery((), list_of(KEYWORD)), rows(), run())
    assert refused.value.code == "PQ0743"
