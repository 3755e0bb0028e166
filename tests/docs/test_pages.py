"""The manual is current, and what it says happens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from paasq_daemon.engine import Engine
from paasq_daemon.wire.messages import Answer, Request
from paasq_dsl.binder.bind import bind
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.manual import functions_page
from paasq_dsl.functions.signature import FunctionKind
from paasq_dsl.syntax.parse import parse
from paasq_dsl.verbs import VERBS
from paasq_dsl.verbs.manual import stages_page
from properties.worlds import SmallEmbedder
from schemas import catalog

DOCS = Path(__file__).parents[2] / "docs"
SETUP = """
collection person { key id: keyword };
collection sample { key id: keyword kind: keyword n: int title: text };
put sample [{id: "x", kind: "a", n: 1, title: "a first"}, {id: "y", kind: "b", n: 2, title: "a second"},
            {id: "z", kind: "a", n: 3, title: "a third"}];
"""


def examples(page: str, level: str) -> dict[str, str]:
    """The block under each heading of the page as it stands on disk."""
    sections = re.split(rf"^{level} (\w+)$", (DOCS / page).read_text("utf-8"), flags=re.MULTILINE)[1:]
    blocks = {
        name: re.search(r"```[\w-]+\n(.*?)\n```", body, re.DOTALL)
        for name, body in zip(*[iter(sections)] * 2, strict=True)
    }
    return {name: block[1] for name, block in blocks.items() if block}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine.open(tmp_path_factory.mktemp("manual"), embedder=SmallEmbedder(), sync=False)
    engine.query(Request(SETUP))
    yield engine
    engine.close()


def answer(engine: Engine, text: str) -> Answer:
    return engine.query(Request(text, params={"v": [0.6, 0.8]} if "$v" in text else {}))


@pytest.mark.parametrize(("page", "made"), [("functions.md", functions_page()), ("stages.md", stages_page())])
def test_the_page_is_current(page: str, made: str) -> None:
    assert (DOCS / page).read_text("utf-8") == made


def test_the_index_names_every_page() -> None:
    index = (DOCS / "README.md").read_text("utf-8")
    assert {path.name for path in DOCS.glob("*.md")} - {"README.md"} == set(re.findall(r"\]\((\w+\.md)\)", index))


def test_every_function_and_stage_has_its_example() -> None:
    assert set(examples("functions.md", "###")) == set(FUNCTIONS)
    assert set(examples("stages.md", "##")) == {verb.word for verb in VERBS}


@pytest.mark.parametrize(("name", "example"), examples("functions.md", "###").items())
def test_the_example_of_a_function_is_true(engine: Engine, name: str, example: str) -> None:
    if FUNCTIONS[name].kind is FunctionKind.SCALAR:
        rows = answer(engine, f'from sample | match "first" | extend said = {example} | select said').rows
    else:
        call = call_in(example, name)
        said = example.replace(call, "value")
        rows = answer(engine, f"from sample | sort n | summarize value = {call} | select said = {said}").rows
    assert rows == [[True]]


@pytest.mark.parametrize("example", examples("stages.md", "##").values())
def test_the_example_of_a_stage_binds(example: str) -> None:
    script, wrong = parse(example)
    assert not wrong
    assert not bind(script, catalog()).diagnostics


def test_what_the_page_of_types_says_happens(tmp_path: Path) -> None:
    page = (DOCS / "types.md").read_text("utf-8")
    told = re.findall(r"^```paasq\n(.*?)^```\n\n```json\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(told) == page.count("```paasq\n")
    engine = Engine.open(tmp_path, embedder=SmallEmbedder(), sync=False)
    try:
        for text, rows in told:
            assert answer(engine, text).to_json()["rows"] == json.loads(rows), text
    finally:
        engine.close()


def call_in(example: str, name: str) -> str:
    """`collect(n)` of `length(collect(n)) == 3`."""
    start = re.search(rf"\b{name}\(", example)
    assert start
    depth, end = 1, start.end()
    while depth:
        depth += {"(": 1, ")": -1}.get(example[end], 0)
        end += 1
    return example[start.start() : end]
