"""Queries and their answers, as data: a file for each stage."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from golden import Case
from paasq_dsl.stages import STAGES
from running import Stores, cases_with_stores, check, stores

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    with stores(tmp_path_factory.mktemp("query")) as found:
        yield found


@pytest.mark.parametrize(
    ("case", "setup"), cases_with_stores(HERE), ids=lambda v: str(v) if isinstance(v, Case) else ""
)
def test_answer(case: Case, setup: str, opened: Stores) -> None:
    check(opened.of(case, setup), case)


def test_every_stage_has_its_file() -> None:
    missing = {verb.keyword for verb in STAGES} - {path.stem for path in HERE.glob("*.test")}
    assert not missing
