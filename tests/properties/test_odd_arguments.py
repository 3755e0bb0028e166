"""A function given what it can't take says so: an error of the catalogue, at compile time or when it runs, never another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import PaasqError
from paasq_daemon.wire.request import Request
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import Function
from properties.worlds import SmallEmbedder

SCHEMA = """
collection person { key id: keyword name: text };
collection item {
  key id: keyword k: keyword t: text n: int f: float b: bool at: time d: duration ks: [keyword] ns: [int]
  l: link<person> ls: [link<person>] v: vector(3) e: vector(auto) from t raw: bytes o: {x: int y: text}
};
put person { id: "p", name: "Ana" };
put item {
  id: "a", k: "x", t: "the sea", n: 1, f: 1.5, b: true, at: @2026-01-01, d: 1mo, ks: ["a", "b"], ns: [1, 2],
  l: person:p, ls: [person:p], v: [1.0, 2.0, 3.0], o: {x: 1, y: "z"}
};
put item { id: "b", n: 2, d: 1h, ks: [] };
"""
FITTING = {
    "string": "k", "keyword": "k", "text": "t", "int": "n", "number": "f", "float": "f", "bool": "b", "time": "at",
    "duration": "d", "link": "l", "vector": "v", "bytes": "raw", "zone": '"UTC"', "ordered": "n", "any": "k", "T": "n",
    "[T]": "ns", "[any]": "ks", "[int]": "ns", "[float]": "ns", "[text]": "ks", "[keyword]": "ks", "[string]": "ks",
}  # fmt: skip
ODD = (
    "k", "t", "n", "f", "b", "at", "d", "ks", "ls", "v", "raw", "o", "null", "null / null", "-1", '""', "[null]",
    "$s", "$z",
)  # fmt: skip
PARAMETERS = {"s": "x", "z": None}


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    opened = Instance.open(tmp_path_factory.mktemp("odd"), embedder=SmallEmbedder(), sync=False)
    opened.engine.query(Request(SCHEMA))
    yield opened
    opened.close()


def calls(function: Function) -> Iterator[str]:
    """The function with each odd value at each place, the others fitting; and with an argument too few or too many."""
    for signature in function.signatures:
        words = [parameter.rstrip("?.") for parameter in signature.parameters]
        fitting = [FITTING[word] for word in words]
        yield f"{function.name}({', '.join(fitting[:-1])})"
        yield f"{function.name}({', '.join([*fitting, 'n'])})"
        for place in range(len(words)):
            for odd in ODD:
                yield f"{function.name}({', '.join([*fitting[:place], odd, *fitting[place + 1 :]])})"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_odd_argument_is_an_answer_or_an_error_in_words(instance: Instance, name: str) -> None:
    for call in dict.fromkeys(calls(FUNCTIONS[name])):
        text = f"from item | extend q = {call}"
        try:
            instance.engine.query(Request(text, {p: v for p, v in PARAMETERS.items() if f"${p}" in text}))
        except PaasqError:
            continue
        except Exception as error:
            raise AssertionError(text) from error
