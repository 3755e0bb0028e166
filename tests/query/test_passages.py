"""Passages over several pages, and what bounds their choice."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from paasq_daemon.index.passage_split import CHARACTERS_MAX, split_passages
from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import BudgetExceeded
from paasq_daemon.wire.request import Budget, Request
from properties.worlds import SmallEmbedder

TEXT = "\n\n".join(f"Paragraph {n} is about a stone. {'It goes on and on. ' * 12}" for n in range(9))


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    instance = Instance.open(tmp_path_factory.mktemp("passages"), embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request("collection doc { key id: keyword body: text(en) sense: vector(auto) from body };"))
    instance.records.put("doc", [{"id": f"d{n:03}", "body": TEXT if n % 2 else "A stone."} for n in range(130)])
    yield instance
    instance.close()


def test_pages_are_parts_of_the_whole(instance: Instance) -> None:
    rows = 'from doc | match "stone" | where id < "d010" | passages body max 4'
    shown = "select id, passage_start"
    whole = instance.engine.query(Request(f"{rows} | {shown}")).rows
    pages, cursor = [], None
    while True:
        page = instance.engine.query(Request(f"{rows} | page 3 after $c | {shown}", {"c": cursor}))
        pages += page.rows
        cursor = page.cursor
        if cursor is None:
            break
    assert pages == whole
    assert len(whole) == 5 * 4 + 5


def test_the_depth_is_said(instance: Instance) -> None:
    answer = instance.engine.query(Request('from doc | match "stone" | passages body'))
    assert (len(answer.rows), answer.complete, answer.reason) == (100, False, "depth")
    assert instance.engine.query(Request('from doc | match "stone" | take 5 | passages body')).complete


def test_what_looks_at_rows_behind_says_that_the_depth_cut_them(instance: Instance) -> None:
    rows = 'from doc | match "stone" | passages body'
    assert instance.engine.query(Request(f"{rows} | extend part = share(passage_start) | take 5")).reason == "depth"
    assert instance.engine.query(Request(f"{rows} | extend place = row_number() | take 5")).complete


def test_the_smaller_budget_counts(instance: Instance) -> None:
    text = "from doc | budget rows 7, tokens 100000"
    assert len(instance.engine.query(Request(text, budget=Budget(rows=3))).rows) == 3
    assert len(instance.engine.query(Request(text, budget=Budget(rows=30))).rows) == 7
    assert instance.engine.query(Request(text, budget=Budget(tokens=200))).reason == "tokens"


def test_a_budget_of_time_runs_out(instance: Instance) -> None:
    with pytest.raises(BudgetExceeded, match=r"0\.001 ms"):
        instance.engine.query(Request("from doc | sort body | budget time 0.001ms"))


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "",
        " \n ",
        "x" * 2000,
        "word " * 500,
        "One. Two! Three?\n\nFour",
        "a\n\n\n\nb",
        "\u3000end. \u2003",
        "é. ü",
    ],
)
def test_passages_are_the_text_without_overlap(text: str) -> None:
    parts = split_passages(text)
    assert "".join("".join(text[start:end] for start, end in parts).split()) == "".join(text.split())
    assert all(0 < end - start <= CHARACTERS_MAX for start, end in parts)
    assert all(a[1] <= b[0] for a, b in pairwise(parts))
    assert all(text[start:end].strip() == text[start:end] for start, end in parts)
