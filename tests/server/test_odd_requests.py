"""What a real store answers to parameters that nobody should send: an error in words, never an internal one."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.server.limits import Limits
from paasq_daemon.server.methods import METHODS
from paasq_daemon.wire.json_rpc import INTERNAL_ERROR
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder
from server.conftest import listening
from server.raw import Raw, request

SCHEMA = """
collection item {
  key id: keyword t: text n: int f: float b: bool at: time d: duration ks: [keyword] l: link<item> v: vector(3) raw: bytes
  o: {x: int}
};
put item { id: "a", t: "the sea", n: 1, d: 1h };
"""
FITTING = {
    "text": "from item", "collection": "item", "key": "a", "records": [{"id": "b"}], "field": "t", "name": "monday",
    "into": "/dev/null/x", "watch": 1, "id": 1,
}  # fmt: skip
DEEP: Any = 1
for _ in range(50):
    DEEP = {"x": DEEP}
ODD: tuple[Any, ...] = (
    None, True, 0, -1, 2**31, 2**63, -(2**63) - 1, 10**300, 1.5, 1e-320, "", "\0", "a\0b", "é" * 5_000, "y" * 300,
    "/tmp/\0", "/tmp/" + "y" * 300, "/tmp/" + "y/" * 3_000, "/dev/null/x", "/proc/self/x", "..", "item", "t",
    "from item", "from item | where n ==", ";", "9999-12-31T23:59:59-12:00", "Europe/Oslo", "1h", "=", "NaN",
    [], [[]], [None], {}, {"": 1}, {"x": None}, DEEP,
)  # fmt: skip
TEXTS = (
    "from item | where {} == $a", 'put item {{ id: "c", {}: $a }}', "patch item:a {{ {}: $a }}",
    "from item | select x = $a | sort x | distinct x",
)  # fmt: skip
FIELDS = ("id", "t", "n", "f", "b", "at", "ks", "l", "v", "raw", "o")


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Raw]:
    """A connection to a daemon over a real store."""
    folder = tmp_path_factory.mktemp("odd")
    socket = Path(tempfile.mkdtemp(prefix="paasq")) / "s"  # a socket's path must be short
    instance = Instance.open(folder / "data", embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request(SCHEMA))
    instance.snapshots.create("monday")
    with listening(instance, socket, Limits(grace_s=0.2), 2), Raw(socket, 30) as connection:
        yield connection
    instance.close()
    socket.parent.rmdir()


def _ask(raw: Raw, method: str, params: dict[str, Any]) -> None:
    message = {**request(method), "params": params}
    answer = raw.ask(message)
    assert answer.get("error", {}).get("code") != INTERNAL_ERROR, (params, answer)


@pytest.mark.parametrize("method", [name for name in METHODS if name != "watch"])
def test_a_method_refuses_odd_parameters(raw: Raw, method: str) -> None:
    params = METHODS[method].params
    fitting = {param.name: FITTING[param.name] for param in params if param.name in FITTING}
    for param in params:
        for odd in ODD:
            _ask(raw, method, {**fitting, param.name: odd})


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_refuses_odd_values(raw: Raw, field: str) -> None:
    for odd in ODD:
        _ask(raw, "put", {"collection": "item", "records": [{"id": "b", field: odd}]})
        for text in TEXTS:
            _ask(raw, "query", {"text": text.format(field), "params": {"a": odd}})
