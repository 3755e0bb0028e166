"""Every diagnostic as a person sees it, its case called after its code; law 9: a fix offered removes its error."""

from __future__ import annotations

from pathlib import Path

import pytest

from dumps import diagnostic_text
from golden import Case, cases
from paasq_daemon.backends.backend import Capability, ExecutablePlan
from paasq_daemon.compiler import Compiler
from paasq_daemon.wire.errors import QueryError
from paasq_dsl.binder.script import bind_script
from paasq_dsl.bound import BoundQuery
from paasq_dsl.diagnostics import MESSAGES, Diagnostic, has_errors
from paasq_dsl.source_text import SourceText
from paasq_dsl.syntax.parser import TEXT_CHARACTERS_MAX, parse_script
from schemas import MODULES, catalog, modules

CASES = cases(Path(__file__).parent)
AT_RUN_TIME = {"PQ0625", "PQ0701", "PQ0702", "PQ0703", "PQ0704"}  # found by the engine, with the values at hand
INSIDE_ANOTHER = {"PQ0225"}  # said of a module, as a part of PQ0224
NOT_IN_A_FILE = {"PQ0118"}  # a text of that size is no case for one


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


def test_every_code_has_a_case() -> None:
    shown = {case.title.split()[0] for case in CASES}
    assert shown | AT_RUN_TIME | INSIDE_ANOTHER | NOT_IN_A_FILE == set(MESSAGES)


def test_text_too_long() -> None:
    assert [d.code for d in diagnostics_of(" " * (TEXT_CHARACTERS_MAX + 1))] == ["PQ0118"]
