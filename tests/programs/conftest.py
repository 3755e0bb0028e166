"""A store with a few notes, and a way to ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.request import Request
from properties.worlds import SmallEmbedder

SCHEMA = """
/// what was noted
collection note {
  /// how it is called
  key id: keyword
  title: text(en)  n: int  who: link<person>  mail: keyword unique
  tags: [keyword]  embedding: vector(auto) from title
};
collection person { key id: keyword name: text };
collection archive { key id: keyword title: text };
put person {id: "mira", name: "Mira"};
put note [
  {id: "a", title: "alpha beta", n: 1, who: person:mira, mail: "m1"},
  {id: "b", title: "beta gamma", n: 2, mail: "m2", tags: ["x", "y"]},
  {id: "c", title: "delta"},
];
"""

Ask = Callable[..., Answer]
Rows = Callable[..., list[list[Any]]]


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    instance = Instance.open(tmp_path / "store", embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request(SCHEMA))
    yield instance
    assert instance.store.check() == []
    instance.close()


@pytest.fixture
def ask(instance: Instance) -> Ask:
    def ask(text: str, modules: dict[str, str] | None = None, *, read_only: bool = False, **params: Any) -> Answer:
        return instance.engine.query(Request(text, params, modules=modules or {}, read_only=read_only))

    return ask


@pytest.fixture
def rows(ask: Ask) -> Rows:
    return lambda text, **params: ask(text, **params).rows
