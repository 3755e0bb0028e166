"""Where snapshots are found: a damaged data folder, a folder of snapshots alone, a daemon that runs, a newer format."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paasq_daemon.snapshot import packing_process
from paasq_daemon.snapshot.create import CreateOptions, create_snapshot
from paasq_daemon.snapshot.garbage_collection import delete_snapshots
from paasq_daemon.snapshot.listing import list_snapshots
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.locate import find_storage, open_storage
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.snapshot.verify import verify_snapshot
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import SnapshotError, StoreError
from paasq_dsl.catalog import Catalog, Collection, Field
from paasq_dsl.types import KEYWORD

COUNT = 300


def fill(store: Store, first: int = 0, count: int = COUNT) -> None:
    store.write(
        lambda t: [t.put(1, f"k{n}", {1: f"canary {n} " * 20}, {}) for n in range(first, first + count)]
    ).result()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with two snapshots, closed."""
    folder = tmp_path / "data"
    with Store.open(folder, sync=False) as store:
        catalog = Catalog().with_collection(Collection(1, "note", (Field(1, "id", KEYWORD),), "id"))
        store.write(lambda t: t.set_catalog(catalog)).result()
        storage = open_storage(str(folder))
        fill(store)
        create_snapshot(store, storage, "one")
        fill(store, COUNT)
        create_snapshot(store, storage, "two", CreateOptions(labels=("before the move", "kept")))
    return folder


def data_file(folder: Path) -> Path:
    return folder / "store" / "data.mdb"


def flip(path: Path, at: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "whole": lambda folder: folder,
    "no data file": lambda folder: data_file(folder).unlink(),
    "no store": lambda folder: shutil.rmtree(folder / "store"),
    "cut short": lambda folder: os.truncate(data_file(folder), 5000),
    "empty": lambda folder: os.truncate(data_file(folder), 0),
    "header": lambda folder: data_file(folder).write_bytes(b"\xff" * 8192),
    "no format": lambda folder: (folder / "format").unlink(),
    "format damaged": lambda folder: (folder / "format").write_bytes(b"\x00"),
    "format newer": lambda folder: (folder / "format").write_text('{"store_format": 99}'),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("address", ["data folder", "its snapshots", "a copy of them"])
def test_no_damage_of_the_store_keeps_a_snapshot_from_being_restored(
    folder: Path, tmp_path: Path, damage: str, address: str
) -> None:
    DAMAGES[damage](folder)
    place = {"data folder": folder, "its snapshots": folder / "snapshots", "a copy of them": tmp_path / "copied"}[
        address
    ]
    if address == "a copy of them":
        shutil.copytree(folder / "snapshots", place)
    before = sorted(path for path in folder.rglob("*"))
    storage = find_storage(str(place))
    assert [(info.name, info.parent, info.problem) for info in list_snapshots(storage)] == [
        ("one", None, None),
        ("two", "one", None),
    ]
    assert verify_snapshot(storage, "two", "restore").findings == []
    restore_snapshot(storage, "two", tmp_path / "new")
    assert sorted(path for path in folder.rglob("*")) == before
    with Store.open(tmp_path / "new", sync=False) as store, store.read() as view:
        assert view.live_count(1) == 2 * COUNT


def test_snapshots_are_read_while_the_store_is_open(folder: Path, tmp_path: Path) -> None:
    with Store.open(folder, sync=False) as store:
        fill(store, 5000, 10)
        storage = find_storage(str(folder))
        assert verify_snapshot(storage, "one", "restore").findings == []
        restore_snapshot(storage, "one", tmp_path / "new")


def test_what_reads_works_on_a_medium_that_cannot_be_written(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anywhere
    storage = find_storage(str(folder))
    assert verify_snapshot(storage, "two", "restore").findings == []
    assert list((tmp_path / "cache" / "paasq").iterdir()) == []


def test_a_parent_that_is_gone_is_not_named(folder: Path) -> None:
    storage = find_storage(str(folder))
    delete_snapshots(storage, ["one"])
    assert [(info.name, info.parent) for info in list_snapshots(storage)] == [("two", None)]
    assert verify_snapshot(storage, "two", "restore").findings == []


def test_a_snapshot_that_cannot_be_used_is_named(folder: Path) -> None:
    storage = find_storage(str(folder))
    newer = folder / "snapshots" / "manifests" / "one.json"
    manifest = json.loads(newer.read_bytes())
    manifest["manifest"]["snapshot_format"] = 2
    newer.write_text(json.dumps(manifest))
    (folder / "snapshots" / "manifests" / "torn.json").write_bytes(b"{")
    found = {info.name: info.problem for info in list_snapshots(storage)}
    assert found["two"] is None
    assert "format 2, and this paasq knows formats up to 1" in str(found["one"])
    assert "was changed" in str(found["torn"])


@pytest.mark.parametrize("name", ["nowhere", "other"])
def test_a_path_without_snapshots_is_said_to_be(tmp_path: Path, name: str) -> None:
    (tmp_path / "other").mkdir()
    with pytest.raises(SnapshotError, match="neither a data folder nor a folder of snapshots"):
        find_storage(str(tmp_path / name))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other"]


@pytest.mark.parametrize("inside", ["data/new", "data/snapshots/new", "data/snapshots/objects/new"])
def test_nothing_is_restored_into_a_data_folder_or_among_snapshots(folder: Path, inside: str) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(SnapshotError, match="lies inside"):
        restore_snapshot(find_storage(str(folder)), "one", folder.parent / inside)
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("into", ["", "file", "file/x", "loop/x", "/proc/x", "/dev/null", "n" * 300, "a\0b"])
def test_a_folder_that_cannot_be_made_is_an_error_in_words(folder: Path, into: str) -> None:
    (folder.parent / "file").write_text("x")
    (folder.parent / "loop").symlink_to(folder.parent / "loop")
    before = sorted(folder.parent.rglob("*"))
    with pytest.raises((SnapshotError, StoreError)):
        restore_snapshot(find_storage(str(folder)), "one", folder.parent / into if into else Path("/"))
    assert sorted(folder.parent.rglob("*")) == before


@pytest.mark.parametrize("address", ["", "a\0b", "n" * 5000, "~nobody-at-all/x"])
def test_an_address_that_is_none_is_an_error_in_words(address: str) -> None:
    with pytest.raises(SnapshotError, match="is not the path of a folder"):
        open_storage(address)


def test_a_link_to_an_empty_place_is_followed(folder: Path) -> None:
    (folder.parent / "link").symlink_to(folder.parent / "elsewhere")
    restore_snapshot(find_storage(str(folder)), "one", folder.parent / "link")
    assert (folder.parent / "elsewhere" / "format").is_file()


# Labels and damage


def test_labels_are_kept_beside_the_manifest(folder: Path) -> None:
    storage = find_storage(str(folder))
    assert [info.labels for info in list_snapshots(storage)] == [(), ("before the move", "kept")]
    delete_snapshots(storage, ["two"])
    assert list((folder / "snapshots" / "annotations").iterdir()) == []


def test_a_changed_annotation_is_not_believed(folder: Path) -> None:
    storage = find_storage(str(folder))
    (path,) = (folder / "snapshots" / "annotations").iterdir()
    path.write_bytes(path.read_bytes().replace(b"kept", b"lost"))
    (info,) = [info for info in list_snapshots(storage) if info.name == "two"]
    assert "annotation" in str(info.problem)
    assert verify_snapshot(storage, "two").findings


@pytest.mark.parametrize("label", ["", " ", "a\nb", "x" * 201])
def test_a_label_is_a_short_line(folder: Path, label: str) -> None:
    with Store.open(folder, sync=False) as store, pytest.raises(SnapshotError, match="labels"):
        create_snapshot(store, find_storage(str(folder)), "three", CreateOptions(labels=(label,)))


@pytest.fixture(params=[packing_process.OWN_PROCESS_BYTES_MIN, 0], ids=["small", "large"])
def damaged(request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The store with a flipped bit in the body of note:k7, and the same as if it were large."""
    monkeypatch.setattr(packing_process, "OWN_PROCESS_BYTES_MIN", request.param)
    at = data_file(folder).read_bytes().find(b"canary 7 canary 7 ")
    assert at > 0
    flip(data_file(folder), at)
    with Store.open(folder, sync=False) as store:
        yield store


def test_a_snapshot_of_a_damaged_record_is_refused_by_name(damaged: Store) -> None:
    storage = LocalStorage(damaged.folder / "snapshots")
    with pytest.raises(SnapshotError, match=r"the store is damaged, and so would the snapshot be: note:k7\n"):
        create_snapshot(damaged, storage, "three")
    assert [info.name for info in list_snapshots(storage)] == ["one", "two"]


def test_a_snapshot_of_a_damaged_record_is_labelled(damaged: Store, tmp_path: Path) -> None:
    storage: Storage = LocalStorage(damaged.folder / "snapshots")
    create_snapshot(damaged, storage, "three", CreateOptions(damaged=True))
    assert [info.damage for info in list_snapshots(storage)] == [(), (), ("note:k7",)]
    for depth in ("chain", "hash", "restore"):
        found = verify_snapshot(storage, "three", depth)
        assert (found.findings, found.damage) == ([], ["note:k7"]), depth
    restore_snapshot(storage, "three", tmp_path / "new")
    with Store.open(tmp_path / "new", sync=False) as store, store.read() as view:
        assert view.get(1, "k8") is not None
        with pytest.raises(StoreError):
            view.get(1, "k7")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("bodies", "note: entries are lost, or removed ones came back"),
        ("live", "note: entries are lost, or removed ones came back"),
        ("journal", "entry 1 of the journal is lost"),
    ],
)
def test_a_lost_entry_is_damage_too(folder: Path, table: str, words: str) -> None:
    with Store.open(folder, sync=False) as store:
        data_file = store._data_file
        with (
            data_file.environment.begin(write=True) as txn,
            txn.cursor(getattr(data_file.tables, table).handle) as cursor,
        ):
            assert cursor.first()
            cursor.delete()
        with pytest.raises(SnapshotError, match=words):
            create_snapshot(store, find_storage(str(folder)), "three")


def test_a_deleted_damaged_record_is_named_as_a_past_version(damaged: Store) -> None:
    damaged.write(lambda t: t.put(1, "k7", {1: "anew"}, {})).result()
    with pytest.raises(SnapshotError, match=r"a past version in note \(ordinal"):
        create_snapshot(damaged, LocalStorage(damaged.folder / "snapshots"), "three")
