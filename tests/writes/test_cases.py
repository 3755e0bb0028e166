"""Writes, and what they leave, as data: `script` is one text, `then` a query that runs after it, whatever its outcome."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from golden import Case
from paasq_daemon.wire.request import Request
from running import Stores, cases_with_stores, check, rendered, stores

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    with stores(tmp_path_factory.mktemp("writes")) as found:
        yield found


@pytest.mark.parametrize(
    ("case", "setup"), cases_with_stores(HERE), ids=lambda v: str(v) if isinstance(v, Case) else ""
)
def test_write(case: Case, setup: str, opened: Stores) -> None:
    instance = opened.of(case, setup)
    check(instance, case)
    case.check("left", rendered(instance.engine.query(Request(case["then"]))))
