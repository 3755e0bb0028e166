"""Encrypted snapshots: they are used as plain ones are, tell nothing without the key, and are never trusted when changed."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from paasq_daemon.snapshot.cipher import MAGIC, NameCipher, is_sealed_name
from paasq_daemon.snapshot.create import CreateOptions, create_snapshot
from paasq_daemon.snapshot.encrypted_storage import EncryptedStorage
from paasq_daemon.snapshot.encryption_key import KeySource
from paasq_daemon.snapshot.garbage_collection import delete_snapshots
from paasq_daemon.snapshot.listing import list_snapshots
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.locate import find_storage, open_storage
from paasq_daemon.snapshot.object_store import ObjectStore
from paasq_daemon.snapshot.prune import prune
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.retention import parse_policy
from paasq_daemon.snapshot.rolling_check import PARTS, check_part
from paasq_daemon.snapshot.signature import write_signing_key
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.snapshot.verify import verify_snapshot
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import SnapshotError
from paasq_dsl.catalog import Catalog, Collection, Field
from paasq_dsl.types import KEYWORD
from store.encrypted import FOLDERS, files, fill, flip


def contents(store: Store) -> list[object]:
    with store.read() as view:
        return [view.seq, list(view.scan(1)), list(view.journal(0))]


def test_all_that_plain_snapshots_do(store: Store, place: Path, key: KeySource, tmp_path: Path) -> None:
    fill(store, 5000)
    first = create_snapshot(store, open_storage(str(place), key), "first", CreateOptions(labels=("off site",)))
    expected = contents(store)
    fill(store, 1, offset=7)
    storage = open_storage(str(place), key)  # opened anew: nothing is kept but the key
    second = create_snapshot(store, storage, "second")
    assert (second.parent, second.new_bytes < first.new_bytes / 20) == (first.hash, True)
    found = find_storage(str(place), key)
    assert [(info.name, info.parent, info.labels) for info in list_snapshots(found)] == [
        ("first", None, ("off site",)),
        ("second", "first", ()),
    ]
    for depth in ("chain", "hash", "restore"):
        assert verify_snapshot(found, "first", depth).findings == [], depth
    assert [check_part(found, part).findings for part in range(PARTS)] == [[]] * PARTS
    restore_snapshot(found, "first", tmp_path / "new")
    with Store.open(tmp_path / "new", sync=False) as restored:
        assert contents(restored) == expected
    assert prune(found, parse_policy("1 last"), named=True).deleted == ["first"]
    assert verify_snapshot(found, "second", "restore").findings == []
    delete_snapshots(found, ["second"])
    assert files(place) == []


def test_an_unchanged_store_costs_next_to_nothing(store: Store, encrypted: Storage, place: Path) -> None:
    fill(store, 5000)
    create_snapshot(store, encrypted, "one")
    before = {path.name: path.read_bytes() for path in (place / "objects").iterdir()}
    assert create_snapshot(store, encrypted, "two").new_bytes == 0
    assert {path.name: path.read_bytes() for path in (place / "objects").iterdir()} == before


def test_what_a_cut_snapshot_left_is_used(store: Store, place: Path, key: KeySource) -> None:
    class Cut(LocalStorage):
        left = 6  # two copies of the header, then four objects

        def write(self, name: str, content: bytes) -> None:
            self.left -= 1
            if self.left < 0:
                raise SnapshotError("the network is away", "wait")
            super().write(name, content)

    fill(store, 40_000)
    with pytest.raises(SnapshotError, match="away"):
        create_snapshot(store, EncryptedStorage(Cut(place), os.urandom(32), key), "one")
    before = {path: path.read_bytes() for path in (place / "objects").iterdir()}
    assert len(before) == 4
    whole = open_storage(str(place), key)
    create_snapshot(store, whole, "one")
    assert {path: path.read_bytes() for path in before} == before
    assert verify_snapshot(whole, "one", "restore").findings == []


# Nothing is told


def test_nothing_can_be_read_without_the_key(store: Store, place: Path, key: KeySource, tmp_path: Path) -> None:
    catalog = Catalog().with_collection(Collection(1, "secret_diary", (Field(1, "confession", KEYWORD),), "confession"))
    store.write(lambda t: t.set_catalog(catalog)).result()
    canaries = {n: f"canary {random.Random(n).randbytes(8).hex()}" for n in range(50)}
    store.write(lambda t: [t.put(1, f"whispered{n}", {1: text}, {}) for n, text in canaries.items()]).result()
    write_signing_key(tmp_path / "sign")
    made = create_snapshot(
        store,
        open_storage(str(place), key),
        "before the divorce",
        CreateOptions(labels=("lawyer knows",), sign=tmp_path / "sign"),
    )
    words = [*canaries.values(), "canary", "secret_diary", "confession", "whispered", "before the divorce", "divorce"]
    words += ["lawyer", made.hash, made.root, made.digest, made.created[:10], *(each.hash for each in made.tables)]
    words += [key.read().hex(), key.path.read_text().split()[-1], *objects_by_hash(place, key)]
    raw = [b"\n".join((str(path).encode(), path.read_bytes())) for path in place.rglob("*") if path.is_file()]
    for word in words:
        for form in {word.encode(), bytes.fromhex(word) if len(word) == 64 else word.encode()}:
            assert not any(form in each for each in raw), word
    assert {path.name for path in place.iterdir()} == {*FOLDERS, "lock", "encryption.json", "encryption.copy.json"}
    assert all(is_sealed_name(path.name) for path in files(place))
    assert all(path.read_bytes().startswith(MAGIC) for path in files(place))


def objects_by_hash(place: Path, key: KeySource) -> list[str]:
    return list(ObjectStore(find_storage(str(place), key)).sizes())


def test_the_control_of_that_test_finds_them_in_plain_snapshots(store: Store, place: Path) -> None:
    store.write(lambda t: t.put(1, "whispered", {1: "canary"}, {})).result()
    made = create_snapshot(store, open_storage(str(place)), "before the divorce", CreateOptions(labels=("lawyer",)))
    raw = b"\n".join(str(path).encode() + path.read_bytes() for path in place.rglob("*") if path.is_file())
    for word in ("divorce", "lawyer", made.root, made.tables[0].hash):
        assert word.encode() in raw, word


def test_names_are_of_one_length_and_of_their_folder() -> None:
    names = NameCipher(bytes(32))
    sealed = {names.seal("manifests", name) for name in ("a", "b", "x" * 112)}
    assert {len(each) for each in sealed} == {205}
    assert len(sealed) == 3
    assert names.seal("objects", "a") != names.seal("manifests", "a") == NameCipher(bytes(32)).seal("manifests", "a")
    assert names.unseal("manifests", names.seal("manifests", "ä b.json")) == "ä b.json"


def test_equal_contents_are_encrypted_differently(store: Store, tmp_path: Path, key: KeySource) -> None:
    fill(store, 10)
    sealed = []
    for name in "ab":
        create_snapshot(store, open_storage(str(tmp_path / name), key), "one")
        sealed.append({path.name: path.read_bytes() for path in files(tmp_path / name)})
    assert not sealed[0].keys() & sealed[1].keys()
    assert not set(sealed[0].values()) & set(sealed[1].values())


def test_what_verifying_unpacks_is_not_put_among_them(
    store: Store, encrypted: Storage, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fill(store, 10)
    create_snapshot(store, encrypted, "one")
    before = place.stat().st_mtime_ns
    assert verify_snapshot(encrypted, "one", "restore").findings == []
    assert place.stat().st_mtime_ns == before
    assert list((tmp_path / "cache" / "paasq").iterdir()) == []


# Changes are found


def test_a_flip_anywhere_is_found(store: Store, encrypted: Storage, place: Path, tmp_path: Path) -> None:
    fill(store, 5)
    write_signing_key(tmp_path / "sign")
    create_snapshot(store, encrypted, "one")
    fill(store, 1)
    create_snapshot(store, encrypted, "two", CreateOptions(labels=("kept",), sign=tmp_path / "sign"))
    chance, undetected = random.Random(7), []
    for path in files(place):
        original = path.read_bytes()
        end = len(original)
        for at in {
            *range(64),
            *range(64, end, 11),
            *range(end - 20, end),
        }:  # magic, salt and tag whole, of the content a part
            flip(path, at, chance.randrange(8))
            if not any(verify_snapshot(encrypted, name).findings for name in ("one", "two")):
                undetected.append((path.name, at))
            path.write_bytes(original)
    assert undetected == []
    assert verify_snapshot(encrypted, "two", "restore").findings == []


@pytest.mark.parametrize("cut", [1, 16, 56])
def test_a_file_that_was_cut_short_is_found(store: Store, encrypted: Storage, place: Path, cut: int) -> None:
    fill(store, 50)
    create_snapshot(store, encrypted, "one", CreateOptions(labels=("kept",)))
    for path in files(place):
        original = path.read_bytes()
        for left in (original[:-cut], original[:cut], b"", original + b"\0"):
            path.write_bytes(left)
            assert verify_snapshot(encrypted, "one").findings, (path, cut)
        path.write_bytes(original)
    assert verify_snapshot(encrypted, "one").findings == []


def test_files_that_changed_places_are_found(store: Store, encrypted: Storage, place: Path) -> None:
    for name in ("one", "two"):
        fill(store, 3000, offset=len(name) * 1000)
        create_snapshot(store, encrypted, name, CreateOptions(labels=(name,)))
    for folder in FOLDERS:
        a, b, *_ = sorted((place / folder).iterdir())
        contents = a.read_bytes(), b.read_bytes()
        a.write_bytes(contents[1]), b.write_bytes(contents[0])
        assert any(verify_snapshot(encrypted, name).findings for name in ("one", "two")), folder
        a.write_bytes(contents[0]), b.write_bytes(contents[1])
    assert not any(verify_snapshot(encrypted, name, "restore").findings for name in ("one", "two"))


def test_an_old_manifest_under_a_new_name_is_found(
    store: Store, encrypted: Storage, place: Path, tmp_path: Path
) -> None:
    fill(store, 10)
    create_snapshot(store, encrypted, "old")
    (old,) = (place / "manifests").iterdir()
    create_snapshot(store, encrypted, "new")
    (new,) = set((place / "manifests").iterdir()) - {old}
    new.write_bytes(old.read_bytes())
    assert "put in the place of another file" in verify_snapshot(encrypted, "new").findings[0]
    with pytest.raises(SnapshotError, match="put in the place of another"):
        restore_snapshot(encrypted, "new", tmp_path / "restored")
    new.unlink()
    renamed = old.rename(old.with_name("a" * 205))  # under a name that nobody made with the key
    with pytest.raises(SnapshotError, match="was renamed, or written with another key"):
        list_snapshots(encrypted)
    shutil.move(renamed, place / "objects" / old.name)  # in another folder
    with pytest.raises(SnapshotError, match="was renamed, or written with another key"):
        create_snapshot(store, encrypted, "next")


def test_a_lost_object_is_found_at_every_depth(store: Store, encrypted: Storage, place: Path) -> None:
    fill(store, 3000)
    create_snapshot(store, encrypted, "one")
    max((place / "objects").iterdir(), key=lambda path: path.stat().st_size).unlink()
    for depth in ("chain", "hash", "restore"):
        assert "is lost" in verify_snapshot(encrypted, "one", depth).findings[0], depth
    assert create_snapshot(store, encrypted, "two").parent is None


@pytest.fixture
def half(store: Store, encrypted: Storage, place: Path) -> Path:
    """A place with a snapshot, and what one that was killed left."""
    fill(store, 300)
    create_snapshot(store, encrypted, "whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("paasq_daemon.snapshot.create.write_manifest", lambda *_: (_ for _ in ()).throw(OSError("full")))
        fill(store, 300)
        with pytest.raises(OSError, match="full"):
            create_snapshot(store, encrypted, "half", CreateOptions(labels=("gone",)))
    for folder in FOLDERS:
        (name,) = sorted(path.name for path in (place / folder).iterdir())[:1]
        (place / folder / f"{name}.new").write_bytes(b"unfinished")
    return place


def test_what_was_never_finished_is_removed(half: Path, encrypted: Storage) -> None:
    assert delete_snapshots(encrypted, []).objects > 1
    assert not [path for path in files(half) if path.name.endswith(".new")]
    assert list((half / "annotations").iterdir()) == []
    assert verify_snapshot(encrypted, "whole", "restore").findings == []
