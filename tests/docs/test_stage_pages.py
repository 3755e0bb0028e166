"""Every stage has its page: the head comes from the registry (UPDATE=1 writes it), the rest from hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from docs.page import DOCS, examples
from paasq_dsl.binder.script import bind_script
from paasq_dsl.stages import STAGES
from paasq_dsl.stages.docs import stages_page
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax.parser import parse_script
from schemas import catalog

HAND = "<!-- Above: from the registry. Below: by hand. -->\n"
SECTIONS = ("## Columns", "## Order and null", "## Execution", "## Examples", "## Elsewhere", "## See also")


def test_the_index_is_current() -> None:
    assert (DOCS / "stages.md").read_text("utf-8") == stages_page()


def test_every_page_is_of_a_stage() -> None:
    assert {path.stem for path in (DOCS / "stages").iterdir()} == {verb.keyword for verb in STAGES}


@pytest.mark.parametrize("verb", STAGES, ids=lambda stage: stage.keyword)
def test_the_head_is_current(verb: StageSpec) -> None:
    path = DOCS / "stages" / f"{verb.keyword}.md"
    if os.environ.get("UPDATE") == "1":
        path.write_text(stage_head(verb) + HAND + by_hand(path), "utf-8")
    assert path.exists(), f"{verb.keyword} has no page; UPDATE=1 begins one"
    assert path.read_text("utf-8").startswith(stage_head(verb) + HAND)


def stage_head(verb: StageSpec) -> str:
    doc = verb.doc.replace("](functions.md", "](../functions.md")  # as it is linked from where the page lies
    return f"# {verb.keyword}\n\n```text\n{verb.synopsis}\n```\n\n{doc}\n\n"


def by_hand(path: Path) -> str:
    """What was written below the line; of a page that is not there yet, the sections to be filled."""
    if not path.exists():
        return "\n" + "\n\n".join(SECTIONS) + "\n"
    _, line, text = path.read_text("utf-8").partition(HAND)
    assert line, f"{path} has no line {HAND}"
    return text


@pytest.mark.parametrize("verb", STAGES, ids=lambda stage: stage.keyword)
def test_the_page_is_whole(verb: StageSpec) -> None:
    page = (DOCS / "stages" / f"{verb.keyword}.md").read_text("utf-8")
    lines = page.split("\n")
    assert [line for line in lines if line in SECTIONS] == list(SECTIONS)
    shown = [example for example in examples(page) if example.printed and verb.keyword in example.block.text]
    assert len(shown) >= 2, "a page has two examples of its stage with their answers"


@pytest.mark.parametrize("verb", STAGES, ids=lambda stage: stage.keyword)
def test_the_example_in_the_registry_binds(verb: StageSpec) -> None:
    script, wrong = parse_script(verb.example)
    assert not wrong
    assert not bind_script(script, catalog()).diagnostics
