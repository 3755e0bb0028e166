"""Whatever makes a folder is killed at every step: the folder is whole or absent, and the next attempt clears what was left."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from faults.killed import kills
from paasq_daemon.snapshot.create import CreateOptions, create_snapshot
from paasq_daemon.snapshot.encryption_key import given_key, write_key_file
from paasq_daemon.snapshot.garbage_collection import delete_snapshots
from paasq_daemon.snapshot.journal_archive import archive_journal, list_segments, read_segment
from paasq_daemon.snapshot.journal_rewrite import forget_in_archive
from paasq_daemon.snapshot.listing import list_snapshots
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.locate import find_storage, open_storage
from paasq_daemon.snapshot.moment import Moment
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.restore_moment import restore_moment
from paasq_daemon.snapshot.signature import read_signers, write_signing_key
from paasq_daemon.snapshot.verify import verify_snapshot
from paasq_daemon.store.origin import read_origin
from paasq_daemon.store.store import Store

COUNT = 3000
STRIDE = int(os.environ.get("PAASQ_KILL_STRIDE", "3"))  # of what has many steps: 1 for each of them


@pytest.fixture
def storage(tmp_path: Path) -> LocalStorage:
    """Two snapshots of a store, in a folder of their own."""
    storage = LocalStorage(tmp_path / "snapshots")
    with Store.open(tmp_path / "data", sync=False) as store:
        for name in ("one", "two"):
            body = name * 100
            store.write(lambda t, body=body: [t.put(1, f"k{n}", {1: body}, {}) for n in range(COUNT)]).result()  # type: ignore[misc]  # mypy does not infer a lambda with defaults
            create_snapshot(store, storage, name)
    return storage


def is_whole(folder: Path) -> bool:
    with Store.open(folder, sync=False) as store, store.read() as view:
        return view.live_count(1) == COUNT and store.check() == []


@pytest.mark.parametrize("exists", [False, True], ids=["new", "empty"])
def test_a_restore_is_whole_or_absent(storage: LocalStorage, tmp_path: Path, exists: bool) -> None:
    into = tmp_path / "place" / "new"
    into.parent.mkdir()
    steps = 0
    for step in kills(lambda: restore_snapshot(storage, "two", into)):
        steps = max(steps, step)
        if step and not (into / "format").exists():
            assert not into.exists() or list(into.iterdir()) == [], step
            continue  # into what the kill left: nothing is in the way
        assert is_whole(into), step
        shutil.rmtree(into)
        if exists:
            into.mkdir(mode=0o700)
    assert steps > 20
    restore_snapshot(storage, "two", into)
    assert [path.name for path in into.parent.iterdir()] == ["new"]


def test_a_new_store_is_whole_or_can_be_made(tmp_path: Path) -> None:
    folder = tmp_path / "data"

    def make() -> None:
        with Store.open(folder) as store:
            store.write(lambda t: t.put(1, "a", {1: "x"}, {})).result()

    steps = 0
    for step in kills(make):
        steps = max(steps, step)
        Store.open(folder, sync=False).close()
        assert sorted(path.name for path in folder.iterdir()) == ["format", "lock", "store"], step
        shutil.rmtree(folder)
    assert steps > 20


def test_a_new_store_is_made_over_what_many_kills_left(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for _ in kills(lambda: Store.open(folder).close()):
        pass
    assert sorted(path.name for path in folder.iterdir()) == ["format", "lock", "store"]


def test_a_snapshot_is_whole_or_absent(storage: LocalStorage, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "data", tmp_path / "kept")
    target = LocalStorage(tmp_path / "elsewhere" / "snapshots")

    def make() -> None:
        with Store.open(tmp_path / "kept") as store:
            create_snapshot(store, target, "two")

    steps = 0
    for step in kills(make, STRIDE):
        steps = max(steps, step)
        found = [info.name for info in list_snapshots(target)]
        assert found in ([], ["two"])
        assert all(verify_snapshot(target, name).findings == [] for name in found), step
        if found:
            delete_snapshots(target, found)
    assert steps > 20
    assert delete_snapshots(target, []).objects == 0
    assert [path.name for path in (target.folder / "objects").iterdir()] == []
    assert [info.name for info in list_snapshots(storage)] == ["one", "two"]


def test_an_encrypted_and_signed_snapshot_is_whole_or_absent(storage: LocalStorage, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "data", tmp_path / "kept")
    write_key_file(tmp_path / "key")
    write_signing_key(tmp_path / "sign")
    place, key = tmp_path / "elsewhere", given_key(tmp_path / "key", None)
    signers = read_signers([tmp_path / "sign.pub"])

    def make() -> None:
        with Store.open(tmp_path / "kept") as store:
            create_snapshot(store, open_storage(str(place), key), "two", CreateOptions(sign=tmp_path / "sign"))

    steps = 0
    for step in kills(make, STRIDE):
        steps = max(steps, step)
        if step == 0 or (place / "encryption.json").exists():
            target = find_storage(str(place), key)
            found = [info.name for info in list_snapshots(target)]
            assert found in ([], ["two"])
            assert all(verify_snapshot(target, name, signers=signers).findings == [] for name in found), step
            assert not any((place / "objects" / name).exists() for name in storage.sizes("objects"))
        if step % 2:  # every other time the next attempt goes on with what there is
            shutil.rmtree(place, ignore_errors=True)
    assert steps > 30
    assert verify_snapshot(find_storage(str(place), key), "two", "restore", signers=signers).findings == []


def test_what_a_killed_verify_unpacked_is_removed_by_the_next(storage: LocalStorage) -> None:
    left = 0
    for _ in kills(lambda: verify_snapshot(storage, "two", "restore"), STRIDE):
        left = max(left, len(list(storage.folder.glob("verify-*"))))
        assert left <= 1
    assert left == 1
    assert sorted(path.name for path in storage.folder.iterdir()) == [
        "annotations", "journal", "lock", "manifests", "objects",
    ]  # fmt: skip


def test_a_deletion_leaves_the_other_snapshot_whole(storage: LocalStorage, tmp_path: Path) -> None:
    shutil.copytree(storage.folder, tmp_path / "kept")
    for step in kills(lambda: delete_snapshots(storage, ["one"])):
        names = [info.name for info in list_snapshots(storage)]
        assert names in (["one", "two"], ["two"]), step
        for name in names:
            assert verify_snapshot(storage, name).findings == [], step
        shutil.rmtree(storage.folder)
        shutil.copytree(tmp_path / "kept", storage.folder)


# The archived journal

LATER = 6  # transactions after the first snapshot


@pytest.fixture
def moments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalStorage:
    """A snapshot, after it transactions of a record each that were archived, and a second snapshot."""
    monkeypatch.setattr(os, "fsync", lambda _: None)  # the children's, too: a kill loses nothing that was written
    storage = LocalStorage(tmp_path / "snapshots")
    with Store.open(tmp_path / "data", sync=False) as store:
        store.write(lambda t: t.put(1, "first", {1: "x"}, {})).result()
        create_snapshot(store, storage, "two")
        write_later(store, "later")
        archive_journal(store, storage)
        create_snapshot(store, storage, "three")
    return storage


def write_later(store: Store, name: str) -> None:
    for n in range(LATER):
        store.write(lambda t, n=n: t.put(1, f"{name}{n}", {1: "x"}, {})).result()  # type: ignore[misc]  # as above


@pytest.mark.parametrize("name", ["two", "three"], ids=["forward", "back"])
def test_a_restore_of_a_moment_is_whole_or_absent(moments: LocalStorage, tmp_path: Path, name: str) -> None:
    into = tmp_path / "place" / "new"
    into.parent.mkdir()
    steps = 0
    for step in kills(lambda: restore_moment(moments, Moment(seq=4), into, name)):
        steps = max(steps, step)
        if step and not (into / "format").exists():
            assert not into.exists(), step
            continue
        with Store.open(into, sync=False) as store, store.read() as view:
            assert (view.seq, view.live_count(1), store.check()) == (4, 4, []), step
        assert (origin := read_origin(into)) is not None
        assert origin.seq == 4
        shutil.rmtree(into)
    assert steps > 20
    assert list(into.parent.iterdir()) == []


def test_a_killed_archive_goes_on_where_it_was(moments: LocalStorage, tmp_path: Path) -> None:
    with Store.open(tmp_path / "data", sync=False) as store:
        write_later(store, "more")

    def archive() -> None:
        with Store.open(tmp_path / "data", sync=False) as store:
            archive_journal(store, moments)

    shutil.copytree(moments.folder, tmp_path / "kept")
    steps = 0
    for step in kills(archive):
        steps = max(steps, step)
        assert verify_snapshot(moments, "three").findings == [], step
        with Store.open(tmp_path / "data", sync=False) as store:
            done = archive_journal(store, moments)
        assert done is not None
        assert done.last == 1 + 2 * LATER
        assert verify_snapshot(moments, "three").findings == [], step
        shutil.rmtree(moments.folder)
        shutil.copytree(tmp_path / "kept", moments.folder)
    assert steps > 10


def test_a_killed_snapshot_leaves_the_archive_whole(moments: LocalStorage, tmp_path: Path) -> None:
    with Store.open(tmp_path / "data", sync=False) as store:
        for name in ("more", "again"):
            write_later(store, name)
            archive_journal(store, moments)
    shutil.copytree(moments.folder, tmp_path / "kept")

    def create() -> None:
        with Store.open(tmp_path / "data", sync=False) as store:
            create_snapshot(store, moments, "four")

    last = 1 + 3 * LATER
    for step in kills(create):
        assert verify_snapshot(moments, "three").findings == [], step
        restore_moment(moments, Moment(seq=last - 1), tmp_path / "new", "three")
        with Store.open(tmp_path / "new", sync=False) as store, store.read() as view:
            assert view.live_count(1) == last - 1
        shutil.rmtree(tmp_path / "new")
        shutil.rmtree(moments.folder)
        shutil.copytree(tmp_path / "kept", moments.folder)


def test_a_killed_forgetting_can_be_repeated(moments: LocalStorage, tmp_path: Path) -> None:
    shutil.copytree(moments.folder, tmp_path / "kept")

    def is_forgotten(_collection: int, _ordinal: int, key: str) -> bool:
        return key == "later3"

    steps = 0
    for step in kills(lambda: forget_in_archive(moments, is_forgotten)):
        steps = max(steps, step)
        assert verify_snapshot(moments, "two").findings == [], step
        forget_in_archive(moments, is_forgotten)
        assert verify_snapshot(moments, "two").findings == [], step
        files = list_segments(moments)
        assert all(b"later3" not in read_segment(moments, name).content for names in files.values() for name in names)
        shutil.rmtree(moments.folder)
        shutil.copytree(tmp_path / "kept", moments.folder)
    assert steps > 20
