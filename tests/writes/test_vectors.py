"""Vectors that are made of text: when they are made, kept, pending, and whose they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paasq_daemon.engine import Engine
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.errors import ModelMismatch
from paasq_daemon.wire.request import Request
from paasq_daemon.writes.vectorizer import INLINE_RECORDS_MAX
from properties.worlds import SmallEmbedder

SCHEMA = "collection note { key id: keyword title: text body: text n: int sense: vector(auto) from title, body };"


class Counting(SmallEmbedder):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return super().embed(texts)


class Other(SmallEmbedder):
    identity = "other@1"


@pytest.fixture
def embedder() -> Counting:
    return Counting()


@pytest.fixture
def engine(tmp_path: Path, embedder: Counting) -> Iterator[Engine]:
    engine = Engine.open(tmp_path, embedder=embedder, sync=False)
    engine.query(Request(SCHEMA))
    yield engine
    engine.close()


def ask(engine: Engine, text: str) -> Answer:
    return engine.query(Request(text))


def nearest(engine: Engine, text: str) -> list[str]:
    return [row[0] for row in engine.query(Request("from note | near to $q | select id", {"q": text})).rows]


def test_a_vector_is_made_of_all_its_texts(engine: Engine, embedder: Counting) -> None:
    ask(
        engine,
        'put note [{id: "a", title: "red", body: "sea"}, {id: "b", body: "stone"}, {id: "c", title: "  "}, {id: "d"}]',
    )
    assert embedder.asked == ["red\nsea", "stone"]
    assert nearest(engine, "stone") == ["b", "a"]


def test_an_unchanged_text_keeps_its_vector(engine: Engine, embedder: Counting) -> None:
    ask(engine, 'put note {id: "a", title: "red", n: 1}')
    embedder.asked.clear()
    ask(engine, "patch note:a set n = 2")
    ask(engine, 'put note {id: "a", title: "red", n: 3}')
    assert embedder.asked == []
    assert nearest(engine, "red") == ["a"]


def test_a_changed_text_has_a_new_vector(engine: Engine, embedder: Counting) -> None:
    ask(engine, 'put note [{id: "a", title: "red"}, {id: "b", title: "blue"}]')
    embedder.asked.clear()
    ask(engine, 'patch note:a set title = "stone"')
    assert embedder.asked == ["stone"]
    assert nearest(engine, "stone")[0] == "a"
    ask(engine, "patch note:a set title = null")
    assert nearest(engine, "stone") == ["b"]


def test_a_deleted_record_is_near_nothing(engine: Engine) -> None:
    ask(engine, 'put note [{id: "a", title: "red"}, {id: "b", title: "blue"}]')
    ask(engine, "delete note:a")
    assert nearest(engine, "red") == ["b"]


def test_many_records_are_pending_and_the_answer_says_so(engine: Engine) -> None:
    many = INLINE_RECORDS_MAX + 1
    engine.put("note", [{"id": f"k{i}", "title": f"word{i}"} for i in range(many)])
    assert engine.status()["collections"]["note"]["pending_vectors"] == many
    answer = ask(engine, 'from note | near to "word3"')
    assert (answer.rows, answer.complete, answer.reason) == ([], False, "pending")
    assert ask(engine, 'from note | match "word3" | select id').complete
    assert engine.embed(seconds_max=None) == {"embedded": many, "pending": 0}
    answer = ask(engine, 'from note | near to "word3" | take 1 | select id')
    assert (answer.rows, answer.complete) == ([["k3"]], True)


def test_as_many_as_one_write_makes_are_made_at_once(engine: Engine) -> None:
    engine.put("note", [{"id": f"k{i}", "title": f"word{i}"} for i in range(INLINE_RECORDS_MAX)])
    assert engine.status()["collections"]["note"]["pending_vectors"] == 0


def test_vectors_of_another_model_are_not_compared(tmp_path: Path) -> None:
    first = Engine.open(tmp_path, embedder=SmallEmbedder(), sync=False)
    ask(first, f'{SCHEMA} put note {{id: "a", title: "red"}}')
    first.close()
    engine = Engine.open(tmp_path, embedder=Other(), sync=False)
    try:
        with pytest.raises(ModelMismatch, match=r"small@1.*other@1") as caught:
            nearest(engine, "red")
        assert "paasq embed --replace" in caught.value.hint
        ask(engine, 'put note {id: "b", title: "blue"}')  # a write is taken; its vector waits
        assert [row[0] for row in ask(engine, 'from note | match "blue"').rows] == ["b"]
        assert engine.embed(seconds_max=None, replace=True) == {"embedded": 2, "pending": 0}
        assert nearest(engine, "blue") == ["b", "a"]
    finally:
        engine.close()
