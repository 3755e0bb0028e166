"""find is never below the better of its parts, on questions with judgements: docs/retrieval.md has the table."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import paasq
from bench.retrieval import METHODS, Judged, load, quality, read_peps
from paasq import Database

JUDGED = {judged.name: judged for judged in read_peps()}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder: Path = tmp_path_factory.mktemp("judged")
    with paasq.open(folder) as opened:
        load(opened, next(iter(JUDGED.values())))  # all ask the same documents
        yield opened


@pytest.mark.parametrize("judged", JUDGED.values(), ids=JUDGED.keys())
def test_find_is_above_both_of_its_parts(database: Database, judged: Judged) -> None:
    match, near, find = (quality(database, judged, METHODS[name]) for name in ("match", "near", "find"))
    assert find.ndcg_at_10 > max(match.ndcg_at_10, near.ndcg_at_10)
    assert find.recall_at_100 >= max(match.recall_at_100, near.recall_at_100)
