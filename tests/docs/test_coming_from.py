"""Every translation in docs/coming-from.md runs over the sample, and its queries find something."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from docs.page import DOCS
from docs.place import NOW_NS, SAMPLES
from paasq_daemon.instance import Instance
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

PAGE = (DOCS / "coming-from.md").read_text("utf-8")
LANGUAGES = ("KQL", "ES|QL", "SQL", "PRQL", "What none of them has")
IDIOMS_MIN = 20
_CODE = re.compile(r"`((?:[^`\\]|\\.)+)`")


def rows(title: str) -> list[tuple[str, str]]:
    """The two cells of each row under a heading, bars as bars."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    lines = [line.strip("| ") for line in section.split("\n") if line.startswith("| ")][1:]
    cells = [re.split(r" (?<!\\)\| ", line, maxsplit=1) for line in lines]
    return [(left.replace("\\|", "|"), right.replace("\\|", "|")) for left, right in cells]


def translations() -> list[str]:
    """The paasq side of every row that has one."""
    last = LANGUAGES[-1]
    cells = [right for title in LANGUAGES[:-1] for _, right in rows(title)] + [left for left, _ in rows(last)]
    return [found[1] for cell in cells if (found := _CODE.fullmatch(cell))]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    folder = tmp_path_factory.mktemp("idioms")
    instance = Instance.open(folder, embedder=SmallEmbedder(), sync=False, clock=lambda: NOW_NS // 1000)
    for name in ("schema", "data"):
        instance.engine.query(Request((SAMPLES / "assistant" / f"{name}.paasq").read_text("utf-8")))
    yield instance
    instance.close()


@pytest.mark.parametrize("title", LANGUAGES[:-1])
def test_enough_idioms_are_translated_and_every_other_one_says_no(title: str) -> None:
    said = [right for _, right in rows(title)]
    assert sum(bool(_CODE.fullmatch(cell)) for cell in said) >= IDIOMS_MIN
    assert all(_CODE.fullmatch(cell) or cell.startswith("**no**") for cell in said)


def test_translations_run(instance: Instance) -> None:
    """In the order of the page: its writes change what the examples below them read."""
    for text in translations():
        assert len(instance.engine.query(Request(text))), text
