"""Vectors that are made of text: when they are made, kept, pending, and whose they are."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paasq_daemon.instance import Instance
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
def instance(tmp_path: Path, embedder: Counting) -> Iterator[Instance]:
    instance = Instance.open(tmp_path, embedder=embedder, sync=False)
    instance.engine.query(Request(SCHEMA))
    yield instance
    instance.close()


def ask(instance: Instance, text: str) -> Answer:
    return instance.engine.query(Request(text))


def nearest(instance: Instance, text: str) -> list[str]:
    return [row[0] for row in instance.engine.query(Request("from note | near to $q | select id", {"q": text})).rows]


def test_a_vector_is_made_of_all_its_texts(instance: Instance, embedder: Counting) -> None:
    ask(
        instance,
        'put note [{id: "a", title: "red", body: "sea"}, {id: "b", body: "stone"}, {id: "c", title: "  "}, {id: "d"}]',
    )
    assert embedder.asked == ["red\nsea", "stone"]
    assert nearest(instance, "stone") == ["b", "a"]


def test_an_unchanged_text_keeps_its_vector(instance: Instance, embedder: Counting) -> None:
    ask(instance, 'put note {id: "a", title: "red", n: 1}')
    embedder.asked.clear()
    ask(instance, "patch note:a set n = 2")
    ask(instance, 'put note {id: "a", title: "red", n: 3}')
    assert embedder.asked == []
    assert nearest(instance, "red") == ["a"]


def test_a_changed_text_has_a_new_vector(instance: Instance, embedder: Counting) -> None:
    ask(instance, 'put note [{id: "a", title: "red"}, {id: "b", title: "blue"}]')
    embedder.asked.clear()
    ask(instance, 'patch note:a set title = "stone"')
    assert embedder.asked == ["stone"]
    assert nearest(instance, "stone")[0] == "a"
    ask(instance, "patch note:a set title = null")
    assert nearest(instance, "stone") == ["b"]


def test_a_deleted_record_is_near_nothing(instance: Instance) -> None:
    ask(instance, 'put note [{id: "a", title: "red"}, {id: "b", title: "blue"}]')
    ask(instance, "delete note:a")
    assert nearest(instance, "red") == ["b"]


def test_many_records_are_pending_and_the_answer_says_so(instance: Instance) -> None:
    many = INLINE_RECORDS_MAX + 1
    instance.records.put("note", [{"id": f"k{i}", "title": f"word{i}"} for i in range(many)])
    assert instance.status.report()["collections"]["note"]["pending_vectors"] == many
    answer = ask(instance, 'from note | near to "word3"')
    assert (answer.rows, answer.complete, answer.reason) == ([], False, "pending")
    assert ask(instance, 'from note | match "word3" | select id').complete
    assert instance.embedding.run(seconds_max=None) == {"embedded": many, "pending": 0}
    answer = ask(instance, 'from note | near to "word3" | take 1 | select id')
    assert (answer.rows, answer.complete) == ([["k3"]], True)


def test_as_many_as_one_write_makes_are_made_at_once(instance: Instance) -> None:
    instance.records.put("note", [{"id": f"k{i}", "title": f"word{i}"} for i in range(INLINE_RECORDS_MAX)])
    assert instance.status.report()["collections"]["note"]["pending_vectors"] == 0


def test_vectors_of_another_model_are_not_compared(tmp_path: Path) -> None:
    first = Instance.open(tmp_path, embedder=SmallEmbedder(), sync=False)
    ask(first, f'{SCHEMA} put note {{id: "a", title: "red"}}')
    first.close()
    instance = Instance.open(tmp_path, embedder=Other(), sync=False)
    try:
        with pytest.raises(ModelMismatch, match=r"small@1.*other@1") as caught:
            nearest(instance, "red")
        assert "paasq embed note --replace" in caught.value.hint
        ask(instance, 'put note {id: "b", title: "blue"}')  # a write is taken; its vector waits
        assert [row[0] for row in ask(instance, 'from note | match "blue"').rows] == ["b"]
        assert instance.embedding.run(seconds_max=None, replace=True) == {"embedded": 2, "pending": 0}
        assert nearest(instance, "blue") == ["b", "a"]
    finally:
        instance.close()


TWO = """
collection note { key id: keyword  title: text(en)  embedding: vector(auto) from title };
collection task { key id: keyword  title: text(en)  embedding: vector(auto) from title };
put note {id: "a", title: "red"};
put task {id: "a", title: "red"};
"""


def test_one_collection_is_made_anew_while_another_waits(tmp_path: Path) -> None:
    first = Instance.open(tmp_path, embedder=SmallEmbedder(), sync=False)
    ask(first, TWO)
    first.close()
    instance = Instance.open(tmp_path, embedder=Other(), sync=False)
    try:
        assert instance.embedding.run(seconds_max=None, collection="note", replace=True) == {
            "embedded": 1,
            "pending": 0,
        }
        with pytest.raises(ModelMismatch, match=r"task\.embedding"):
            instance.embedding.run(seconds_max=None)
        assert nearest(instance, "red") == ["a"]
        with pytest.raises(ModelMismatch, match=r"task\.embedding"):
            ask(instance, 'from task | near to "red"')
        with pytest.raises(ModelMismatch, match=r"task\.embedding were made by small@1.*searched by other@1"):
            ask(instance, "from note | near to task:a")
    finally:
        instance.close()


def test_near_asks_for_the_model_of_its_own_field(tmp_path: Path) -> None:
    first = Instance.open(tmp_path, embedder=SmallEmbedder(), sync=False)
    ask(first, f'{SCHEMA} put note {{id: "a", title: "red"}}')
    first.close()
    instance = Instance.open(tmp_path, embedder=Other(), sync=False)
    try:
        ask(instance, "alter collection note add field fresh: vector(auto) from title")
        ask(instance, 'patch note:a set title = "blue"')
        assert [row[0] for row in ask(instance, 'from note | near fresh to "blue" | select id').rows] == ["a"]
        with pytest.raises(ModelMismatch, match=r"note\.sense"):
            ask(instance, 'from note | near sense to "blue"')
    finally:
        instance.close()


def test_a_daemon_makes_the_vectors_of_a_former_model_anew(tmp_path: Path) -> None:
    first = Instance.open(tmp_path, embedder=SmallEmbedder(), sync=False)
    ask(first, TWO)
    first.close()
    instance = Instance.open(tmp_path, embedder=Other(), sync=False)
    try:
        instance.embedding.start()
        end_s = time.monotonic() + 30
        while not (answer := ask(instance, 'from task | near to "red" | select id')).complete:
            assert time.monotonic() < end_s, answer.reason
            time.sleep(0.01)
        assert answer.rows == [["a"]]
        assert nearest(instance, "red") == ["a"]
    finally:
        instance.close()
