"""What the package `paasq` offers beside a store that is open, and the paths that it takes: text or whatever is one."""

from __future__ import annotations

import inspect
import os
import shutil
import tempfile
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import paasq
from daemon.process import Daemon
from paasq_daemon.snapshot.encryption_key import write_key_file
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import FolderInUse, SnapshotError, StoreError
from paasq_daemon.wire.paths import StrPath

RULE = "every 1h keep 24 hourly 7 daily"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A store with one note."""
    with paasq.open(tmp_path / "data") as store:
        store.query('collection note { key id: keyword  title: text }; put note {id: "a", title: "one"}')
    return tmp_path / "data"


def test_a_dump_is_loaded_by_text_or_by_path(data: Path, tmp_path: Path) -> None:
    with paasq.open(str(data)) as store:
        store.dump(str(tmp_path / "a.zip"))
        store.dump(tmp_path / "b.zip")
    for archive, into in ((str(tmp_path / "a.zip"), str(tmp_path / "a")), (tmp_path / "b.zip", tmp_path / "b")):
        assert paasq.load(archive, into)["collections"] == {"note": 1}
        with paasq.open(into) as again:
            assert [note.title for note in again.query("from note")] == ["one"]
    with pytest.raises(StoreError, match="is not an empty"):
        paasq.load(tmp_path / "a.zip", tmp_path / "a")


def test_a_store_is_examined_and_repaired(data: Path) -> None:
    assert paasq.doctor(str(data))["sound"]
    with paasq.open(data) as store:
        store.snapshot_create("monday")
        with pytest.raises(FolderInUse):
            paasq.doctor(data)
    content = (data / "store" / "data.mdb").read_bytes()
    at = content.rfind(b"one")
    (data / "store" / "data.mdb").write_bytes(content[:at] + b"0ne" + content[at + 3 :])
    assert not paasq.doctor(data)["sound"]
    repaired = paasq.doctor(data, repair=True)
    assert (repaired["before"]["sound"], repaired["sound"]) == (False, True)
    assert (len(repaired["repair"]["mended"]), repaired["repair"]["lost"]) == (1, [])
    with pytest.raises(StoreError, match="there is no store in"):
        paasq.doctor(data / "nothing")


def test_a_schedule_is_set_read_and_ended(data: Path, tmp_path: Path) -> None:
    assert paasq.snapshot_schedule(str(data))["schedule"] is None
    write_key_file(tmp_path / "key")
    state = paasq.set_snapshot_schedule(RULE, str(data), to=tmp_path / "disk", key_file=str(tmp_path / "key"))
    assert (state["schedule"], state["to"]) == (RULE, str(tmp_path / "disk"))
    assert paasq.snapshot_schedule(data) == state
    with pytest.raises(SnapshotError, match="is not a schedule"):
        paasq.set_snapshot_schedule("hourly", data)
    assert paasq.set_snapshot_schedule(None, data)["schedule"] is None
    with pytest.raises(StoreError, match="there is no store in"):
        paasq.set_snapshot_schedule(RULE, tmp_path)


@pytest.fixture(params=["open", "connect"])
def store(request: pytest.FixtureRequest) -> Iterator[Database]:
    if request.param == "open":
        folder = Path(tempfile.mkdtemp(prefix="paasq"))
        with paasq.open(str(folder / "data")) as opened:
            yield opened
        shutil.rmtree(folder)
    else:
        daemon: Daemon = request.getfixturevalue("daemon")
        with paasq.connect(str(daemon.socket)) as connected:
            yield connected


def test_paths_are_text_or_paths_and_may_be_relative(
    store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The daemon runs in another folder: a path is one of the program that names it."""
    monkeypatch.chdir(tmp_path)
    write_key_file(tmp_path / "key")
    store.query("collection note { key id: keyword }")
    ways: list[Callable[[str], StrPath]] = [str, Path]
    for number, path in enumerate(ways):
        place = path(f"disk{number}")
        store.snapshot_create("a", to=place, key_file=path("key"), labels=["before the move"])
        store.snapshot_archive(to=place, key_file=path("key"))
        store.snapshot_create(f"own{number}")
        store.snapshot_restore(f"own{number}", path(f"new{number}"))
        store.dump(path(f"{number}.zip"))
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "0.zip",
        "1.zip",
        "disk0",
        "disk1",
        "key",
        "new0",
        "new1",
    ]


@pytest.mark.parametrize("labels", ["hello", [1], {"a": 1}.values()])
def test_labels_are_a_list_of_texts(store: Database, labels: Any) -> None:
    with pytest.raises(TypeError, match="labels must be a list of texts"):
        store.snapshot_create("monday", labels=labels)
    assert store.snapshot_list() == []


PATHS = {"folder", "socket", "archive", "into", "to", "key_file", "passphrase_file", "sign"}


@pytest.mark.parametrize(
    "function",
    [paasq.open, paasq.connect, paasq.load, paasq.doctor, paasq.snapshot_schedule, paasq.set_snapshot_schedule]
    + [each for _, each in inspect.getmembers(Database, inspect.isfunction)],
    ids=lambda each: each.__name__,
)
def test_every_path_may_be_text_or_a_path(function: Callable[..., Any]) -> None:
    hints = typing.get_type_hints(function)
    for name in PATHS & set(inspect.signature(function).parameters):
        assert set(typing.get_args(hints[name])) - {type(None)} == {str, os.PathLike[str]}, name
