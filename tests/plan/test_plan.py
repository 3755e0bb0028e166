"""What explain says of a plan, as data: rewrites, limits, keys, and what comes out of the cache."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from golden import Case
from paasq_daemon.wire.request import Request
from running import Stores, cases_with_stores, stores

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    with stores(tmp_path_factory.mktemp("plan")) as found:
        yield found


@pytest.mark.parametrize(
    ("case", "setup"),
    [
        found for found in cases_with_stores(HERE) if found[0].path.parent == HERE
    ],  # those of rules have a runner of their own
    ids=lambda v: str(v) if isinstance(v, Case) else "",
)
def test_plan(case: Case, setup: str, opened: Stores) -> None:
    """The lines of `query` run one after the other; what explains gives a plan. Times are left out."""
    instance = opened.of(case, f"{setup}\n// {case}")
    plans = [instance.engine.query(Request(text)).plan for text in case["query"].split("\n")]
    case.check("plan", re.sub(r"in [\d.e-]+ ms", "in .. ms", "\n\n".join(plan for plan in plans if plan)))
