"""Text to tree, and to its canonical layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from dumps import diagnostic_text, script_text
from golden import Case, cases
from paasq_dsl.source_text import SourceText
from paasq_dsl.syntax.format.formatter import NARROW, format_text
from paasq_dsl.syntax.parser import parse_script

CASES = cases(Path(__file__).parent)


@pytest.mark.parametrize("case", [c for c in CASES if "formatted" not in c], ids=str)
def test_parse(case: Case) -> None:
    text = case["query"]
    script, found = parse_script(text)
    case.check("tree", script_text(script, text))
    case.check("error", "\n\n".join(diagnostic_text(SourceText(text), d) for d in found))


@pytest.mark.parametrize("case", [c for c in CASES if "formatted" in c], ids=str)
def test_format(case: Case) -> None:
    case.check("formatted", format_text(case["query"]))
    case.check("narrow", format_text(case["query"], NARROW))
