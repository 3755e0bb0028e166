"""What a write promises: it loses no other's, says what it did, and writes nothing that it was not asked to."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from paasq_daemon.instance import Instance
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.errors import LimitExceeded, PaasqError
from paasq_daemon.wire.request import Budget, Request
from properties.worlds import SmallEmbedder

SCHEMA = """
collection c { key id: keyword  n: int default 5  f: float  v: vector(2) };
collection t { key id: keyword  s: text  auto: vector(auto) from s };
put c {id: "a", n: 0};
"""
INCREMENT = 'put c from (from c | where id == "a" | extend n = n + 1)'


class FailingEmbedder(SmallEmbedder):
    """Fails at a text with the word POISON in it, and with it at all that are given together."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if any("POISON" in text for text in texts):
            raise RuntimeError("the model failed")
        return super().embed(texts)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    instance = Instance.open(tmp_path / "data", embedder=FailingEmbedder(), sync=False)
    instance.engine.query(Request(SCHEMA))
    yield instance
    instance.close()


@pytest.fixture
def ask(instance: Instance) -> Callable[[str], Answer]:
    return lambda text: instance.engine.query(Request(text))


def test_every_increment_counts_and_none_is_refused(instance: Instance) -> None:
    def increment() -> None:
        for _ in range(40):
            instance.engine.query(Request(INCREMENT))

    threads = [threading.Thread(target=increment) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (instance.records.get("c", "a") or {})["n"] == 3 * 40


@pytest.mark.parametrize("cut", ["budget rows 2", "budget tokens 20"])
def test_a_part_is_not_put_silently(instance: Instance, ask: Callable[[str], Answer], cut: str) -> None:
    instance.records.put("c", [{"id": f"r{n}"} for n in range(50)])
    with pytest.raises(LimitExceeded, match="only a part of its rows"):
        ask(f'put c from (from c | select id = concat("copy-", id) | {cut})')
    ask('put c from (from c | select id = concat("copy-", id) | take 2)')
    assert ask('from c | where starts_with(id, "copy-") | select id').rows == [["copy-a"], ["copy-r0"]]


def test_a_put_that_changes_nothing_makes_no_version(instance: Instance, ask: Callable[[str], Answer]) -> None:
    record: dict[str, Any] = {"id": "x", "n": None, "f": 0.0, "v": [3, 4]}
    first = instance.records.put("c", [record])
    seq = instance.store.seq
    for _ in range(3):
        assert instance.records.put("c", [record]).keys == first.keys
        ask("patch c:x set n = n")
        ask('put c from (from c | where id == "x")')
    assert instance.store.seq == seq
    for change in ({"n": 5}, {"f": -0.0}, {"v": [3, 4.5]}, {"v": None}):
        instance.records.put("c", [record := record | change])
    assert ask('from c | where id == "x" | select _version').rows == [[5]]
    ask('put t {id: "p", s: "sea"}')
    at = instance.store.seq
    ask('put t {id: "p", s: "sea"}')
    assert instance.store.seq == at


def test_a_put_is_acknowledged_whatever_fails_behind_it(
    instance: Instance, ask: Callable[[str], Answer], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    assert instance.records.put("t", [{"id": "p", "s": "POISON"}]).keys == ("p",)
    assert ask('put t {id: "q", s: "POISON too"}').rows == [["put", "t", 1, ["q"]]]
    assert instance.status.report()["collections"]["t"]["pending_vectors"] == 2


def test_one_text_does_not_keep_the_others_from_their_vectors(
    instance: Instance, ask: Callable[[str], Answer], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    instance.records.put("t", [{"id": f"p{n}", "s": "POISON"} for n in range(40)])
    instance.records.put("t", [{"id": f"r{n}", "s": f"text {n}"} for n in range(40)])
    assert instance.embedding.run(seconds_max=None) == {"embedded": 40, "pending": 40, "refused": 40}
    assert ask('from t | near to "text 7" | where starts_with(id, "r") | take 1').rows
    instance.embedding.start()
    instance.records.put("t", [{"id": f"s{n}", "s": f"late {n}"} for n in range(40)])
    for _ in range(100):
        if instance.status.report()["collections"]["t"]["pending_vectors"] == 40:
            break
        time.sleep(0.05)
    assert instance.status.report()["collections"]["t"]["pending_vectors"] == 40
    instance.records.put("t", [{"id": "p0", "s": "mended"}])
    assert instance.embedding.run(seconds_max=None)["pending"] == 39


def test_an_internal_error_says_how_far_a_script_came(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paasq_daemon.operators.take.Take.execute", lambda *_: 1 / 0)
    with pytest.raises(PaasqError, match="ZeroDivisionError") as failed:
        instance.engine.query(Request('put c {id: "b"}; put c {id: "d"}; from c | take 1', budget=Budget()))
    assert failed.value.progress is not None
    assert (failed.value.progress.failed, failed.value.progress.seq) == (3, instance.store.seq)
