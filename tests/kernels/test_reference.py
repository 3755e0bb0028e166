"""The reference gives the same of each case as the kernels: it was written by other means."""

from __future__ import annotations

import pytest

from kernels.library import LIBRARY
from kernels.table import COLUMNS, NOW, bound, catalog
from paasq_daemon.backends.backend import ExecutionInputs
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind
from reference.aggregates import AGGREGATES
from reference.functions import FUNCTIONS as REFERENCE
from reference.records import Records
from reference.values import Evaluator
from reference.windows import WINDOWS

ELSEWHERE = {"if", "case"}  # with the operators, because they evaluate what they choose
RANKED = {
    "snippet",
    "highlight",
    "highlights",
    "similarity",
}  # of the analyzers and of 32 bits, which tests/index is about


@pytest.mark.parametrize("text", LIBRARY)
def test_the_reference_gives_the_same(text: str) -> None:
    evaluator = Evaluator(Records(catalog(COLUMNS), lambda _: []), ExecutionInputs((), {}, NOW))
    rows = [{name: values[i] for name, (_, values) in COLUMNS.items()} for i in range(4)]
    expression = bound(text)
    found = [evaluator.value(expression, row) for row in rows]
    assert found == pytest.approx(LIBRARY[text]) if isinstance(found[0], float) else found == LIBRARY[text]


def test_the_reference_has_every_function() -> None:
    scalars, aggregates, windows = (
        {name for name, f in FUNCTIONS.items() if f.kind is kind} for kind in FunctionKind
    )  # fmt: skip
    assert set(AGGREGATES) == aggregates
    assert set(WINDOWS) == windows
    assert set(REFERENCE) | ELSEWHERE | RANKED == scalars
