"""How calls are typed, and what replaces the functions of other languages."""

from __future__ import annotations

import pytest

from paasq_dsl.binder.script import bind_script
from paasq_dsl.bound import BoundQuery, ExtendStage, FunctionCall, ParameterRef, SummarizeStage
from paasq_dsl.diagnostics import Diagnostic
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import infer_result_type, parse_signatures
from paasq_dsl.syntax.dialects.vocabulary import DIALECT_FUNCTIONS
from paasq_dsl.syntax.parser import parse_script
from paasq_dsl.types import BOOL, FLOAT, INT, KEYWORD, NULL, TEXT, VECTOR, Type, list_of
from schemas import catalog

RESOLVED: list[tuple[str, list[Type], Type | None]] = [
    ("text, int? -> text", [TEXT], TEXT),
    ("text, int? -> text", [TEXT, INT, INT], None),
    ("any... -> text", [], TEXT),
    ("T, T... -> T", [INT, FLOAT, INT], FLOAT),
    ("T, T... -> T", [], None),
    ("bool, T..., T? -> T", [BOOL, INT], INT),
    ("bool, T..., T? -> T", [BOOL, INT, FLOAT], FLOAT),
    ("bool, T..., T? -> T", [BOOL, INT, BOOL, INT], INT),
    ("bool, T..., T? -> T", [BOOL, INT, INT, INT], None),
    ("bool, T..., T? -> T", [BOOL], None),
    ("bool, T..., T? -> T", [BOOL, NULL, BOOL, KEYWORD, NULL], KEYWORD),
    ("vector -> float", [list_of(INT)], FLOAT),
    ("vector -> float", [list_of(TEXT)], None),
]


@pytest.mark.parametrize(("takes", "given", "expected"), RESOLVED)
def test_a_signature_takes(takes: str, given: list[Type], expected: Type | None) -> None:
    assert infer_result_type(parse_signatures(takes)[0], given) == expected


def bound(text: str) -> tuple[tuple[Diagnostic, ...], FunctionCall]:
    script, _ = parse_script(text)
    result = bind_script(script, catalog())
    query = result.statements[0]
    assert isinstance(query, BoundQuery)
    stage = query.stages[-1]
    assert isinstance(stage, ExtendStage | SummarizeStage)
    value = (stage.items if isinstance(stage, ExtendStage) else stage.aggregates)[0].value
    assert isinstance(value, FunctionCall)
    return tuple(result.diagnostics), value


@pytest.mark.parametrize(
    ("call", "type_"),
    [
        ("similarity($p, $p)", VECTOR),
        ("dot([1.0], $p)", VECTOR),
        ("case($p, 1)", BOOL),
        ("list_avg($p)", list_of(FLOAT)),
    ],
)
def test_a_parameter_takes_the_type_that_is_asked(call: str, type_: Type) -> None:
    _, value = bound(f"from sample | extend x = {call}")
    assert type_ in {a.type for a in value.arguments if isinstance(a, ParameterRef)}


def test_what_is_one_for_all_rows_reads_none() -> None:
    wrong, _ = bound("from sample | summarize x = percentile(n, n)")
    assert [d.code for d in wrong] == ["PQ0211"]


def test_no_function_is_foreign_and_every_hint_leads_somewhere() -> None:
    assert set(DIALECT_FUNCTIONS) & set(FUNCTIONS) == set()
    assert set(DIALECT_FUNCTIONS.values()) <= set(FUNCTIONS)


@pytest.mark.parametrize(
    ("foreign", "ours"),
    [("substr", "substring"), ("len", "length"), ("datetime_diff", "days_between"), ("strcat", "concat"), ("IFF", "if"),
     ("toLower", "lower"), ("dcount", "count_distinct"), ("avgif", "avg_if"), ("lenght", "length")],
)  # fmt: skip
def test_a_foreign_name_leads_to_ours(foreign: str, ours: str) -> None:
    wrong, _ = bound(f"from sample | extend x = {foreign}(n)")
    assert [(d.code, d.candidates[0], d.fix and d.fix.text) for d in wrong] == [("PQ0203", ours, ours)]
