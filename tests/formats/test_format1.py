"""A store of format 1, made when that was the newest, is read and written as on the day that it was made. It stays for ever;
`format1/make.py` says what is in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from formats.reading import KeptEmbedder, by_collection, extract, facts, history, record_of
from golden import Case, cases
from paasq_daemon.instance import Instance
from paasq_daemon.snapshot.create import create_snapshot
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.upgrade import upgrade_store
from paasq_daemon.snapshot.verify import VerifyDepth, verify_snapshot
from paasq_daemon.store.store import Store
from paasq_daemon.wire.request import Request
from running import check

KEPT = Path(__file__).parent / "format1"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As it was made."""
    return extract(KEPT / "store.tar.xz", tmp_path_factory.mktemp("format1"))


@pytest.fixture
def folder(kept: Path, tmp_path: Path) -> Path:
    """A copy that a test may write to, brought to the format of today."""
    copy = Path(shutil.copytree(kept, tmp_path / "data"))
    upgrade_store(copy)
    return copy


@pytest.fixture(scope="module")
def instance(kept: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    copy = Path(shutil.copytree(kept, tmp_path_factory.mktemp("asked") / "data"))
    found = Instance.open(copy, embedder=KeptEmbedder(), sync=False)
    yield found
    found.close()


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (KEPT / "history.jsonl").read_text("utf-8").splitlines()]


def known() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((KEPT / "facts.json").read_text("utf-8"))
    return found


def agrees(found: Any, expected: Any) -> bool:
    """Whether what is found is as expected. A later paasq may say more of a thing."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(agrees(found.get(name), value) for name, value in expected.items())
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(agrees, found, expected))
    return bool(found == expected)


@pytest.mark.parametrize("case", cases(KEPT), ids=lambda case: case.title)
def test_it_answers_as_it_did(instance: Instance, case: Case) -> None:
    check(instance, case)


def test_it_is_sound_and_every_version_of_every_record_is_there(folder: Path) -> None:
    with Store.open(folder) as store:
        assert store.check() == []
        with store.read() as view:
            found = json.loads(json.dumps(facts(view, folder / "snapshots")))
            assert found["snapshots"].pop()["name"] == "before-format-2"
            assert agrees(found, known())
            assert by_collection(json.loads(json.dumps(list(history(view))))) == by_collection(rows())


def test_the_last_version_of_each_key_is_the_live_one(folder: Path) -> None:
    last = {(row["collection"], row["key"]): row["record"] for row in rows() if row.get("collection")}
    with Store.open(folder) as store, store.read() as view:
        collections = view.catalog.collections
        for collection in collections.values():
            live = [key for (name, key), record in last.items() if name == collection.name and record is not None]
            assert view.live_count(collection.id) == len(live)
            for key in live:
                record, expected = record_of(view, collection, key), last[collection.name, key]
                assert record is not None
                assert (record["version"], record.get("vectors")) == (expected["version"], expected.get("vectors"))


def test_the_answers_need_no_index_of_that_day(folder: Path, instance: Instance) -> None:
    assert not (folder / "index").exists()
    text = 'from note | match "night" | sort id | select id, _version'
    again = Instance.open(folder, embedder=KeptEmbedder(), sync=False)
    assert again.engine.query(Request(text)).rows == instance.engine.query(Request(text)).rows
    again.close()


@pytest.mark.parametrize("depth", VerifyDepth)
def test_its_snapshots_verify(folder: Path, depth: VerifyDepth) -> None:
    for snapshot in known()["snapshots"]:
        done = verify_snapshot(LocalStorage(folder / "snapshots"), snapshot["name"], depth)
        assert done.findings == []
        assert done.objects > 0


def test_its_snapshots_restore_to_what_they_describe(folder: Path, tmp_path: Path) -> None:
    for snapshot in known()["snapshots"]:
        into = tmp_path / snapshot["name"]
        restore_snapshot(LocalStorage(folder / "snapshots"), snapshot["name"], into)
        upgrade_store(into)
        with Store.open(into) as store, store.read() as view:
            live = {c.name: view.live_count(c.id) for c in view.catalog.collections.values()}
            assert (view.seq, live) == (snapshot["seq"], snapshot["collections"])
            expected = [row for row in rows() if row["seq"] <= snapshot["seq"]]
            found = json.loads(json.dumps(list(history(view))[-len(expected) :]))
            assert by_collection(found) == by_collection(expected)


def test_writing_goes_on(folder: Path) -> None:
    before = known()
    instance = Instance.open(folder, embedder=KeptEmbedder(), sync=False)
    answer = instance.engine.query(
        Request('patch note:boats set title = "Patched"; from note:boats | select title, stars, _version')
    )
    assert answer.rows == [["Patched", 3, 5]]
    assert instance.embedding.run(seconds_max=None) == {"embedded": before["pending"]["note.meaning"], "pending": 0}
    assert instance.engine.query(Request('put jot {line: "third"}; from jot | select line')).rows[-1] == ["third"]
    instance.engine.query(
        Request("alter collection note add field more: int default 1; collection gone { key id: keyword }")
    )
    assert instance.engine.query(Request("from note:boats | select more")).rows == [[1]]
    assert instance.catalog.current().collections["gone"].id > max(c["id"] for c in before["catalog"]["collections"])
    instance.close()
    with Store.open(folder) as store:
        assert store.seq > before["seq"]
        assert create_snapshot(store, LocalStorage(folder / "snapshots"), "third").parent is not None
        assert store.check() == []
    assert verify_snapshot(LocalStorage(folder / "snapshots"), "third", VerifyDepth.RESTORE).findings == []
