"""Tree and catalog to bound statements: the types of every expression, the columns after every stage."""

from __future__ import annotations

from pathlib import Path

import pytest

from dumps import bound_text
from golden import Case, cases
from paasq_dsl.binder.script import bind_script
from paasq_dsl.syntax.parser import parse_script
from schemas import catalog


@pytest.mark.parametrize("case", cases(Path(__file__).parent), ids=str)
def test_bind(case: Case) -> None:
    script, found = parse_script(case["query"])
    bound = bind_script(script, catalog())
    assert not found
    assert not bound.diagnostics
    case.check("bind", "\n".join(bound_text(statement) for statement in bound.statements))
