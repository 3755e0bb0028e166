"""The manual is whole, and what it says happens: every block of every page under docs/ runs (page.py says how)."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.page import DOCS, Example, examples, pages, with_answers
from docs.place import Place, place


class Prepared:
    """Stores by the commands that filled them: pages that begin with the same ones copy one store."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self._made: dict[str, Path] = {}

    def begun_with(self, first: Example) -> Path | None:
        return self._made.get(first.block.text) if first.block.kind == "sh" else None

    def keep(self, first: Example, here: Place) -> None:
        if first.block.kind == "sh" and "serve" not in first.block.text and first.printed is None:
            path = self._made[first.block.text] = self._folder / f"prepared{len(self._made)}"
            here.copy_data_to(path)

    def new_folder(self) -> Path:
        self._count += 1
        return self._folder / str(self._count)


@pytest.fixture(scope="module")
def prepared() -> Iterator[Prepared]:
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # each command waits for its disk
    folder = Path(tempfile.mkdtemp(prefix="paasq", dir=memory))  # short, as a socket's path must be
    yield Prepared(folder)
    shutil.rmtree(folder)


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(DOCS)))
def test_what_the_page_says_happens(path: Path, prepared: Prepared) -> None:
    page = path.read_text("utf-8")
    todo = examples(page)
    if not todo:
        return
    data = prepared.begun_with(todo[0])
    answers = []
    with place(prepared.new_folder(), data) as here:
        for at, example in enumerate(todo):
            if at == 0 and data is not None:
                continue
            printed, well = here.run(example.block)
            where = f"{path.relative_to(DOCS.parent)}:{example.block.line}"
            assert well or example.printed is not None, f"{where}: {printed}"
            if example.printed is not None and os.environ.get("UPDATE") == "1":
                answers.append((example.printed, printed))
            elif example.printed is not None:
                assert printed == example.printed.text, where
            if at == 0:
                prepared.keep(example, here)
    if answers:
        path.write_text(with_answers(page, answers), "utf-8")


def test_the_index_names_every_page() -> None:
    index = (DOCS / "README.md").read_text("utf-8") + (DOCS / "stages.md").read_text("utf-8")
    named = set(re.findall(r"\]\(([\w/.-]+\.md)\)", index))
    assert {str(path.relative_to(DOCS)) for path in pages()} - {"README.md"} <= named


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(DOCS)))
def test_every_link_leads_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    for target, anchor in re.findall(r"\]\(([^)#:\s]*)(?:#([^)\s]*))?\)", text):
        there = path if not target else path.parent / target
        assert there.exists(), f"{path.name} links to {target}"
        if anchor:
            assert anchor in _anchors(there.read_text("utf-8")), f"{path.name} links to {target}#{anchor}"


def _anchors(text: str) -> set[str]:
    """The anchors that a reader's browser makes of the headings."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
