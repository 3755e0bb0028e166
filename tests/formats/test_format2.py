"""A store of format 2, made when that was the newest, is read and written as on the day that it was made. It stays for ever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from formats.reading import KeptEmbedder, by_collection, extract, facts, history
from paasq_daemon.instance import Instance
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.upgrade import upgrade_store
from paasq_daemon.snapshot.verify import VerifyDepth, verify_snapshot
from paasq_daemon.store.store import Store
from paasq_daemon.wire.request import Request

KEPT = Path(__file__).parent / "format2"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = extract(KEPT / "store.tar.xz", tmp_path)
    upgrade_store(found)
    return found


@pytest.fixture
def instance(folder: Path) -> Iterator[Instance]:
    found = Instance.open(folder, embedder=KeptEmbedder(), sync=False)
    yield found
    found.close()


def test_it_is_sound_and_every_version_of_every_record_is_there(folder: Path) -> None:
    rows = [json.loads(line) for line in (KEPT / "history.jsonl").read_text("utf-8").splitlines()]
    with Store.open(folder) as store:
        assert store.check() == []
        with store.read() as view:
            assert by_collection(json.loads(json.dumps(list(history(view))))) == by_collection(rows)
            known = json.loads((KEPT / "facts.json").read_text("utf-8"))
            assert json.loads(json.dumps(facts(view, folder / "snapshots"))) == known


def test_settings_confirmations_and_receipts_are_there(instance: Instance) -> None:
    def ask(text: str) -> list[list[object]]:
        return instance.engine.query(Request(text)).rows

    assert ask("from log | select id, text, _version") == [["a", "kept", 1]]
    assert ask("from log | where _confirmed > _time | select id") == [["a"]]
    assert [row[1:4] for row in ask("show forgotten")] == [["log", 1, 2]]
    kept = next(row for row in ask("show retention") if row[0] == "log")
    assert "90d by at" in kept
    assert "30d" in kept


@pytest.mark.parametrize("depth", VerifyDepth)
@pytest.mark.parametrize("name", ["first", "second", "third"])
def test_its_snapshots_verify(folder: Path, name: str, depth: VerifyDepth) -> None:
    assert verify_snapshot(LocalStorage(folder / "snapshots"), name, depth).findings == []


def test_writing_goes_on(instance: Instance) -> None:
    instance.engine.query(Request('put log {id: "c", at: @2100-01-03, text: "later"}; forget log:a'))
    assert instance.engine.query(Request("from log | select id")).rows == [["c"]]
    assert [row[0] for row in instance.engine.query(Request("show forgotten")).rows] == [1, 2]
    assert instance.store.check() == []
