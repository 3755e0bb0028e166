"""docs/functions.md is made from the registry, and each of its examples is true."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from docs.page import DOCS
from paasq_daemon.instance import Instance
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.request import Request
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.docs import functions_page
from paasq_dsl.functions.signature import FunctionKind
from properties.worlds import SmallEmbedder

SETUP = """
collection person { key id: keyword };
collection sample { key id: keyword kind: keyword n: int title: text };
put sample [{id: "x", kind: "a", n: 1, title: "a first"}, {id: "y", kind: "b", n: 2, title: "a second"},
            {id: "z", kind: "a", n: 3, title: "a third"}];
"""


def examples() -> dict[str, str]:
    """The expression under each heading of the page on disk."""
    page = (DOCS / "functions.md").read_text("utf-8")
    return dict(re.findall(r"^### (\w+)\n.*?```paasq-expression\n(.*?)\n```", page, re.DOTALL | re.MULTILINE))


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    instance = Instance.open(tmp_path_factory.mktemp("manual"), embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request(SETUP))
    yield instance
    instance.close()


def answer(instance: Instance, text: str) -> Answer:
    return instance.engine.query(Request(text, params={"v": [0.6, 0.8]} if "$v" in text else {}))


def test_the_page_is_current() -> None:
    assert (DOCS / "functions.md").read_text("utf-8") == functions_page()


def test_every_function_has_its_example() -> None:
    assert set(examples()) == set(FUNCTIONS)


@pytest.mark.parametrize(("name", "example"), examples().items())
def test_the_example_is_true(instance: Instance, name: str, example: str) -> None:
    match FUNCTIONS[name].kind:
        case FunctionKind.SCALAR:
            text = f'from sample | match "first" | extend said = {example} | select said'
        case FunctionKind.WINDOW:
            text = f"from sample | sort n | select said = {example} | skip 2"
        case FunctionKind.AGGREGATE:
            call = call_in(example, name)
            said = example.replace(call, "value")
            text = f"from sample | sort n | summarize value = {call} | select said = {said}"
    assert answer(instance, text).rows == [[True]]


def call_in(example: str, name: str) -> str:
    """`collect(n)` of `length(collect(n)) == 3`."""
    start = re.search(rf"\b{name}\(", example)
    assert start
    depth, end = 1, start.end()
    while depth:
        depth += {"(": 1, ")": -1}.get(example[end], 0)
        end += 1
    return example[start.start() : end]
