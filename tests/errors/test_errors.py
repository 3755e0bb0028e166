"""Every diagnostic as a person sees it, its case called after its code; law 9: a fix offered removes its error."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from dumps import diagnostic_text
from golden import Case, cases
from paasq_daemon import compiler
from paasq_daemon.backends.backend import ExecutablePlan
from paasq_daemon.compiler import Compiler
from paasq_daemon.operators.capability import Capability
from paasq_daemon.wire.errors import BY_CODE, QueryError
from paasq_dsl.binder.script import BindResult, bind_script
from paasq_dsl.bound import BoundQuery
from paasq_dsl.diagnostics import MESSAGES, Diagnostic, has_errors
from paasq_dsl.diagnostics.daemon import DAEMON
from paasq_dsl.diagnostics.runtime import RUNNING
from paasq_dsl.source_text import SourceText
from paasq_dsl.syntax.match_query import TEXT_BYTES_MAX
from paasq_dsl.syntax.parser import TEXT_CHARACTERS_MAX, parse_script
from schemas import MODULES, catalog, modules

CASES = cases(Path(__file__).parent)
TESTS = Path(__file__).parents[1]
AT_RUN_TIME = {"PQ0625", *RUNNING}  # found by the engine, with the values at hand
NOT_IN_A_FILE = {"PQ0118", "PQ0140"}  # texts of that size are no cases for one
INSIDE_ANOTHER = {"PQ0225", "PQ0238", "PQ0239"}  # said of a module, as a part of PQ0224


def diagnostics_of(text: str) -> list[Diagnostic]:
    """What parser and binder say, in the order of the text."""
    script, of_form = parse_script(text)
    return sorted(
        [*of_form, *bind_script(script, catalog(), resolve_module=modules).diagnostics],
        key=lambda d: (d.span.start, d.code),
    )


@pytest.mark.parametrize("case", CASES, ids=str)
def test_error(case: Case) -> None:
    found = diagnostics_of(case["query"])
    source = SourceText(case["query"])
    case.check("error", "\n\n".join(diagnostic_text(source, d) for d in found))
    assert case.title.split()[0] in {d.code for d in found}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_edit_removes_its_error(case: Case) -> None:
    text = case["query"]
    for found in diagnostics_of(text):
        if (edit := found.fix) is not None:
            mended = text[: edit.span.start] + edit.text + text[edit.span.end :]
            after = diagnostics_of(mended)
            assert len(after) <= len(diagnostics_of(text)), mended
            assert not [d for d in after if (d.code, d.span.start) == (found.code, found.span.start)], mended


class NeverAsked:
    """A backend for texts that never come as far."""

    name = "never asked"
    capabilities: frozenset[Capability] = frozenset()

    def prepare(self, query: BoundQuery) -> ExecutablePlan:
        raise AssertionError(query)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_engine_says_what_the_editor_says(case: Case) -> None:
    found = diagnostics_of(case["query"])
    if not has_errors(found):
        return  # it can be run
    with pytest.raises(QueryError) as refused:
        Compiler(NeverAsked()).compile(case["query"], catalog(), "<query>", MODULES)
    said = sorted(refused.value.diagnostics, key=lambda d: (d["start"], d["code"]))
    assert said == [d.to_json(SourceText(case["query"])) for d in found]


def test_a_refused_text_is_bound_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bound: list[BindResult] = []

    def counted(*args: Any, **options: Any) -> BindResult:
        bound.append(bind_script(*args, **options))
        return bound[-1]

    monkeypatch.setattr(compiler, "bind_script", counted)
    with pytest.raises(QueryError, match="written @2026-01-31"):
        Compiler(NeverAsked()).compile("from pep | where created > 2026-01-31", catalog(), "<query>", MODULES)
    assert len(bound) == 1


def test_every_code_has_a_case() -> None:
    """In a data file, as the code of a diagnostic or within one; else asserted by a test, or its class is."""
    shown = {case.title.split()[0] for case in CASES}
    for path in TESTS.rglob("*.test"):
        shown |= set(re.findall(r"^(?:\d+:\d+ )?(PQ\d{4}) ", path.read_text("utf-8"), re.MULTILINE))
    ends = {code: MESSAGES[code].rpartition("}")[2] for code in INSIDE_ANOTHER}
    shown |= {code for code, end in ends.items() if any(end in case["error"] for case in CASES)}
    elsewhere = (path for path in TESTS.rglob("test_*.py") if path.parent != Path(__file__).parent)
    asserted = "\n".join(path.read_text("utf-8") for path in elsewhere)
    shown |= NOT_IN_A_FILE | set(re.findall(r'"(PQ\d{4})"', asserted))
    raised = set(re.findall(r"raises\(\(?([\w, ]+)", asserted))
    names = {name for found in raised for name in re.split(r", ?", found)}
    shown |= {code for code, error in BY_CODE.items() if error.__name__ in names}
    assert set(MESSAGES) - shown == set()


def test_text_too_long() -> None:
    assert [d.code for d in diagnostics_of(" " * (TEXT_CHARACTERS_MAX + 1))] == ["PQ0118"]


def test_match_text_too_long() -> None:
    assert [d.code for d in diagnostics_of(f'from pep | match "{"x" * (TEXT_BYTES_MAX + 1)}"')] == ["PQ0140"]


def test_every_class_of_errors_is_in_the_catalogue() -> None:
    assert set(BY_CODE) == set(DAEMON)
