"""Questions that a person asks her assistant: each has a query, in words that the manual for a model has, which gives the
right answer. The answers were written down by hand from the data."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.request import Request
from paasq_dsl.model_manual import model_manual
from paasq_dsl.syntax.lexer import TokenKind, tokenize
from paasq_dsl.values import parse_time

SAMPLES = Path(__file__).parents[2] / "samples" / "assistant"
QUESTIONS: list[dict[str, Any]] = json.loads((SAMPLES / "questions.json").read_text("utf-8"))
NOW_US = parse_time("2026-11-22T09:00:00Z")
KINDS = {"fact", "relative time", "time series", "full text", "nearness", "facet", "link", "aggregate", "history"}


def _filled(folder: Path) -> Instance:
    """The samples as they are on that Sunday morning, with the bundled model."""
    instance = Instance.open(folder, sync=False)
    for name in ("schema.paasq", "data.paasq"):
        instance.engine.query(Request((SAMPLES / name).read_text("utf-8"), now_us=NOW_US))
    return instance


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    instance = _filled(tmp_path_factory.mktemp("assistant") / "data")
    yield instance
    instance.close()


def test_there_are_thirty_of_all_kinds() -> None:
    kinds = Counter(each["kind"] for each in QUESTIONS)
    assert set(kinds) == KINDS
    assert min(kinds.values()) >= 2
    assert len({each["question"] for each in QUESTIONS}) == len(QUESTIONS) >= 30


@pytest.mark.parametrize("asked", QUESTIONS, ids=[each["question"] for each in QUESTIONS])
def test_the_query_gives_the_right_answer(asked: dict[str, Any], assistant: Instance, tmp_path: Path) -> None:
    instance = assistant
    if "after" in asked:
        instance = _filled(tmp_path / "data")
        instance.engine.query(Request(asked["after"], now_us=NOW_US))
    try:
        told = instance.engine.query(Request(asked["query"], now_us=NOW_US, read_only=True)).to_json()
    finally:
        if instance is not assistant:
            instance.close()
    named = asked["answer"][0]
    assert [{name: row[name] for name in named} for row in told["rows"]] == asked["answer"]
    assert told["facets"] == asked.get("facets", {})
    assert told["warnings"] == []


def test_the_manual_for_a_model_has_every_word_of_the_queries(assistant: Instance) -> None:
    catalog = assistant.catalog.current()
    manual = set(re.findall(r"\w+", model_manual(catalog)))
    written = {field for collection in catalog.collections.values() for field in collection.fields_by_name}
    parts = {part for field in written for part in field.split(".")} | set(catalog.collections)
    for asked in QUESTIONS:
        tokens = [token for token in tokenize(asked["query"]) if token.kind is not TokenKind.SPACE]
        named = {before.text for before, after in pairwise(tokens) if after.text == "="}
        words = {token.text for token in tokens if token.kind is TokenKind.NAME} - parts - named
        assert words <= manual, asked["question"]
