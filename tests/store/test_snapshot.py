"""Snapshots: equal when restored, small when little changed, and never trusted when a bit of them is not as it was."""

from __future__ import annotations

import fcntl
import json
import random
import shutil
from concurrent.futures import Future
from pathlib import Path

import pytest
import zstandard
from blake3 import blake3

from paasq_daemon.snapshot.create import CreateOptions, create_snapshot
from paasq_daemon.snapshot.garbage_collection import delete_snapshots
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.manifest import Manifest, list_manifests, read_manifest
from paasq_daemon.snapshot.object_store import CONTENT_BYTES_MAX, ObjectId, ObjectStore
from paasq_daemon.snapshot.page_packing import PAGE_BYTES
from paasq_daemon.snapshot.page_table import read_table
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.snapshot.verify import verify_snapshot
from paasq_daemon.store.group_commit import CommitResult
from paasq_daemon.store.record import Record
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import SnapshotError, StoreError
from paasq_dsl.catalog import Catalog, Collection, Field
from paasq_dsl.types import KEYWORD

DEPTHS = ["chain", "hash", "restore"]


def fill(store: Store, count: int, size: int = 200, offset: int = 0) -> None:
    body = random.Random(offset)
    keys = [f"k{n:06}" for n in range(offset, offset + count)]
    store.write(lambda t: [t.put(1, key, {1: body.randbytes(size // 2).hex()}, {2: b"1234"}) for key in keys]).result()


def contents(store: Store) -> list[object]:
    with store.read() as view:
        return [view.seq, view.catalog, list(view.scan(1)), list(view.journal(0)), list(view.vectors(1, 2, range(99)))]


@pytest.fixture
def target(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "snapshots")


def test_a_restored_store_is_the_same_and_can_be_written(store: Store, target: LocalStorage, tmp_path: Path) -> None:
    catalog = Catalog().with_collection(Collection(1, "note", (Field(1, "id", KEYWORD),), "id"))
    store.write(lambda t: t.set_catalog(catalog)).result()
    fill(store, 500)
    seen: list[int] = []
    manifest = create_snapshot(store, target, "before import", on_progress=seen.append)
    expected = contents(store)
    fill(store, 100)
    assert seen[-1] == manifest.page_count * PAGE_BYTES
    assert (manifest.seq, manifest.collections) == (2, {"note": 500})
    assert restore_snapshot(target, "before import", tmp_path / "restored") == manifest
    with Store.open(tmp_path / "restored", sync=False) as restored:
        assert contents(restored) == expected
        assert restored.check() == []
        fill(restored, 10, offset=1000)
        assert restored.seq == 3
    for depth in DEPTHS:
        assert verify_snapshot(target, "before import", depth).findings == []


def test_a_snapshot_holds_one_moment_while_writing_goes_on(store: Store, target: LocalStorage) -> None:
    fill(store, 2000)
    futures: list[Future[CommitResult[Record]]] = []

    def write_meanwhile(_: int) -> None:
        futures.append(store.write(lambda t: t.put(1, f"later{len(futures)}", {1: "x" * 3000}, {})))

    manifest = create_snapshot(store, target, "live", on_progress=write_meanwhile)
    assert all(future.result().seq > manifest.seq for future in futures)
    assert futures
    assert verify_snapshot(target, "live", "restore").findings == []


def test_a_snapshot_after_few_updates_writes_little_more_than_the_pages_that_changed(
    store: Store, target: LocalStorage
) -> None:
    fill(store, 20_000, size=400)
    first = create_snapshot(store, target, "first")
    for n in range(0, 20_000, 1000):
        fill(store, 1, offset=n)
    second = create_snapshot(store, target, "second")
    objects = ObjectStore(target)
    before, after = (read_table(objects, m.tables, m.page_count) for m in (first, second))
    changed = sum(n >= len(before) or before.hash_of(n) != after.hash_of(n) for n in range(len(after)))
    assert 0 < changed < 600 < first.page_count
    assert second.parent == first.hash
    assert second.new_bytes <= 1.2 * changed * PAGE_BYTES + 1000
    assert verify_snapshot(target, "second", "restore").findings == []


def test_many_snapshots_each_restore_and_their_tables_stay_small(
    store: Store, target: LocalStorage, tmp_path: Path
) -> None:
    expected = {}
    for n in range(25):
        fill(store, 30, offset=n * 10)
        create_snapshot(store, target, f"s{n}")
        expected[f"s{n}"] = contents(store)
    assert [m.name for m in list_manifests(target)] == [f"s{n}" for n in range(25)]
    last = read_manifest(target, "s24")
    assert sum(table.size_bytes for table in last.tables) < 150 * last.page_count
    for name in ("s0", "s13", "s24"):
        restore_snapshot(target, name, tmp_path / name)
        with Store.open(tmp_path / name, sync=False) as restored:
            assert contents(restored) == expected[name]


def test_a_flip_in_any_byte_is_found(store: Store, target: LocalStorage) -> None:
    fill(store, 5, size=20)
    create_snapshot(store, target, "one")
    fill(store, 1, size=20)
    create_snapshot(store, target, "two", CreateOptions(labels=("kept",)))
    files = [path for name in ("objects", "manifests", "annotations") for path in (target.folder / name).iterdir()]
    chance = random.Random(7)
    undetected = []
    for path in files:
        original = path.read_bytes()
        damaged = bytearray(original)
        for place in range(len(original)):
            damaged[place] ^= 1 << chance.randrange(8)
            path.write_bytes(damaged)
            if not verify_snapshot(target, "one").findings and not verify_snapshot(target, "two").findings:
                undetected.append((path.name, place))
            damaged[place] = original[place]
        path.write_bytes(original)
    assert undetected == []
    assert verify_snapshot(target, "two", "restore").findings == []


@pytest.mark.parametrize("lost", ["object", "cut"])
def test_a_lost_object_is_found_at_every_depth_and_never_inherited(
    store: Store, target: LocalStorage, lost: str
) -> None:
    fill(store, 3000)
    create_snapshot(store, target, "one")
    victim = max((target.folder / "objects").iterdir(), key=lambda path: path.stat().st_size)
    if lost == "object":
        victim.unlink()
    else:
        victim.write_bytes(victim.read_bytes()[:-1])
    for depth in DEPTHS:
        assert verify_snapshot(target, "one", depth).findings, depth
    assert create_snapshot(store, target, "two").parent is None
    assert verify_snapshot(target, "two", "restore").findings == []


def test_sampling_reads_less(store: Store, target: LocalStorage) -> None:
    fill(store, 20_000)
    create_snapshot(store, target, "one")
    whole, part = verify_snapshot(target, "one"), verify_snapshot(target, "one", sample=2)
    assert 0 < part.size_bytes < whole.size_bytes
    assert part.objects == whole.objects > 1


def test_an_unfinished_snapshot_is_no_snapshot_and_is_swept(store: Store, target: LocalStorage) -> None:
    fill(store, 300)
    create_snapshot(store, target, "whole")
    fill(store, 300)

    def power_cut(_: int) -> None:
        raise KeyboardInterrupt

    def after_the_objects(_target: Storage, _manifest: Manifest) -> None:
        raise OSError("no space")

    with pytest.raises(KeyboardInterrupt):
        create_snapshot(store, target, "half", on_progress=power_cut)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("paasq_daemon.snapshot.create.write_manifest", after_the_objects)
        with pytest.raises(OSError, match="no space"):
            create_snapshot(store, target, "half")
    assert [m.name for m in list_manifests(target)] == ["whole"]
    assert delete_snapshots(target, []).objects > 0
    assert delete_snapshots(target, []).objects == 0
    assert verify_snapshot(target, "whole", "restore").findings == []
    fill(store, 1)  # the store is none the worse
    create_snapshot(store, target, "half")


def test_what_is_deleted_is_swept_and_the_rest_still_restores(store: Store, target: LocalStorage) -> None:
    for name in ("a", "b", "c"):
        fill(store, 2000)
        create_snapshot(store, target, name)
    assert delete_snapshots(target, ["c"]).size_bytes > 0
    for name in ("a", "b"):
        assert verify_snapshot(target, name, "restore").findings == []
    delete_snapshots(target, ["a", "b"])
    assert list((target.folder / "objects").iterdir()) == []


def test_nothing_is_swept_while_a_manifest_is_damaged(store: Store, target: LocalStorage) -> None:
    fill(store, 10)
    create_snapshot(store, target, "a")
    path = target.folder / "manifests" / "a.json"
    path.write_bytes(path.read_bytes() + b" ")
    files = sorted((target.folder / "objects").iterdir())
    with pytest.raises(SnapshotError, match="changed"):
        delete_snapshots(target, [])
    assert sorted((target.folder / "objects").iterdir()) == files


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "a\\b", ".a", " a", "a ", "a.", "x" * 101, "a\n", "ä"])
def test_a_name_is_never_a_path(store: Store, target: LocalStorage, tmp_path: Path, name: str) -> None:
    for act in (
        lambda: create_snapshot(store, target, name),
        lambda: verify_snapshot(target, name),
        lambda: restore_snapshot(target, name, tmp_path / "new"),
        lambda: delete_snapshots(target, [name]),
    ):
        with pytest.raises(SnapshotError, match="cannot be named"):
            act()


@pytest.mark.parametrize("name", ["before import", "2026-11-22", "a", "v1.2_x"])
def test_good_names(store: Store, target: LocalStorage, name: str) -> None:
    fill(store, 1)
    assert create_snapshot(store, target, name).name == name
    with pytest.raises(SnapshotError, match="already"):
        create_snapshot(store, target, name)


def test_words_for_what_is_not_there(store: Store, target: LocalStorage, tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="no snapshot 'a'"):
        verify_snapshot(target, "a")
    fill(store, 1)
    create_snapshot(store, target, "monday")
    with pytest.raises(SnapshotError, match="there are: 'monday'"):
        restore_snapshot(target, "tuesday", tmp_path / "new")
    with pytest.raises(SnapshotError, match="no depth 'deep'"):
        verify_snapshot(target, "monday", "deep")


def test_restore_wants_an_empty_folder_and_leaves_nothing_when_it_fails(
    store: Store, target: LocalStorage, tmp_path: Path
) -> None:
    fill(store, 100)
    create_snapshot(store, target, "a")
    with pytest.raises(StoreError, match="not an empty folder"):
        restore_snapshot(target, "a", store.folder)
    victim = max((target.folder / "objects").iterdir(), key=lambda path: path.stat().st_size)
    victim.write_bytes(victim.read_bytes()[:-1] + b"\x00")
    (tmp_path / "new").mkdir(mode=0o700)
    with pytest.raises(SnapshotError, match="was changed"):
        restore_snapshot(target, "a", tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_two_at_a_time_are_refused(store: Store, target: LocalStorage) -> None:
    target.folder.mkdir()
    with (target.folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(SnapshotError, match="another snapshot"):
            create_snapshot(store, target, "a")


def test_a_bomb_is_not_decompressed(target: LocalStorage) -> None:
    (target.folder / "objects").mkdir(parents=True)
    objects = ObjectStore(target)
    bombs = [
        zstandard.ZstdCompressor().compress(bytes(CONTENT_BYTES_MAX + 1)),
        zstandard.ZstdCompressor(write_content_size=False).compress(bytes(CONTENT_BYTES_MAX + 1)),
    ]
    for bomb in bombs:
        name = ObjectId(blake3(bomb).hexdigest(), len(bomb))
        (target.folder / "objects" / name.hash).write_bytes(bomb)
        with pytest.raises(SnapshotError, match="claims"):
            objects.get(name)


def test_a_manifest_cannot_lead_out_of_its_folder(store: Store, target: LocalStorage, tmp_path: Path) -> None:
    """A forged manifest, with its hash made right, still names objects by hash only."""
    fill(store, 10)
    create_snapshot(store, target, "a")
    path = target.folder / "manifests" / "a.json"
    fields = json.loads(path.read_bytes())["manifest"]
    fields["tables"][0]["hash"] = "../../" + "a" * 58
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()
    forged = {"manifest": fields, "hash": blake3(canonical).hexdigest()}
    path.write_bytes(json.dumps(forged, sort_keys=True, separators=(",", ":")).encode())
    with pytest.raises(SnapshotError, match="is not the name of an object"):
        restore_snapshot(target, "a", tmp_path / "new")


def test_a_copied_target_restores_elsewhere(store: Store, target: LocalStorage, tmp_path: Path) -> None:
    fill(store, 100)
    create_snapshot(store, target, "a")
    shutil.copytree(target.folder, tmp_path / "copy")
    restore_snapshot(LocalStorage(tmp_path / "copy"), "a", tmp_path / "new")
    with Store.open(tmp_path / "new", sync=False) as restored:
        assert contents(restored) == contents(store)
