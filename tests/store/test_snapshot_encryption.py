"""Encrypted snapshots: they are used as plain ones are, tell nothing without the key, and are never trusted when changed."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from paasq_daemon.services.snapshots import own_snapshots
from paasq_daemon.snapshot import encryption_header
from paasq_daemon.snapshot.cipher import MAGIC, NameCipher, is_sealed_name
from paasq_daemon.snapshot.create import CreateOptions, create_snapshot
from paasq_daemon.snapshot.encrypted_storage import EncryptedStorage, change_key
from paasq_daemon.snapshot.encryption_key import KeySource, given_key, write_key_file
from paasq_daemon.snapshot.garbage_collection import delete_snapshots
from paasq_daemon.snapshot.listing import list_snapshots
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.locate import find_storage, open_storage, own_storage
from paasq_daemon.snapshot.object_store import ObjectStore
from paasq_daemon.snapshot.prune import prune
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.retention import parse_policy
from paasq_daemon.snapshot.rolling_check import PARTS, check_part
from paasq_daemon.snapshot.signature import write_signing_key
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.snapshot.verify import verify_snapshot
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import FormatTooNew, SnapshotError
from paasq_dsl.catalog import Catalog, Collection, Field
from paasq_dsl.types import KEYWORD

FOLDERS = ("objects", "manifests", "annotations")


@pytest.fixture(autouse=True)
def _quick_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption_header, "_SCRYPT", {"n": 16, "r": 8, "p": 1})


@pytest.fixture
def key(tmp_path: Path) -> KeySource:
    write_key_file(tmp_path / "key")
    return KeySource("key file", tmp_path / "key")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "backup"


@pytest.fixture
def storage(place: Path, key: KeySource) -> Storage:
    return open_storage(str(place), key)


def fill(store: Store, count: int, offset: int = 0) -> None:
    body = random.Random(offset)
    store.write(
        lambda t: [t.put(1, f"k{n:06}", {1: body.randbytes(100).hex()}, {}) for n in range(offset, offset + count)]
    ).result()


def contents(store: Store) -> list[object]:
    with store.read() as view:
        return [view.seq, list(view.scan(1)), list(view.journal(0))]


def files(place: Path) -> list[Path]:
    return [path for name in FOLDERS for path in sorted((place / name).iterdir())]


def flip(path: Path, at: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)


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


def test_an_unchanged_store_costs_next_to_nothing(store: Store, storage: Storage, place: Path) -> None:
    fill(store, 5000)
    create_snapshot(store, storage, "one")
    before = {path.name: path.read_bytes() for path in (place / "objects").iterdir()}
    assert create_snapshot(store, storage, "two").new_bytes == 0
    assert {path.name: path.read_bytes() for path in (place / "objects").iterdir()} == before


def test_what_a_cut_snapshot_left_is_used(store: Store, storage: Storage, place: Path, key: KeySource) -> None:
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
    assert storage.address == whole.address


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
    store: Store, storage: Storage, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fill(store, 10)
    create_snapshot(store, storage, "one")
    before = place.stat().st_mtime_ns
    assert verify_snapshot(storage, "one", "restore").findings == []
    assert place.stat().st_mtime_ns == before
    assert list((tmp_path / "cache" / "paasq").iterdir()) == []


# Changes are found


def test_a_flip_anywhere_is_found(store: Store, storage: Storage, place: Path, tmp_path: Path) -> None:
    fill(store, 5)
    write_signing_key(tmp_path / "sign")
    create_snapshot(store, storage, "one")
    fill(store, 1)
    create_snapshot(store, storage, "two", CreateOptions(labels=("kept",), sign=tmp_path / "sign"))
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
            if not any(verify_snapshot(storage, name).findings for name in ("one", "two")):
                undetected.append((path.name, at))
            path.write_bytes(original)
    assert undetected == []
    assert verify_snapshot(storage, "two", "restore").findings == []


@pytest.mark.parametrize("cut", [1, 16, 56])
def test_a_file_that_was_cut_short_is_found(store: Store, storage: Storage, place: Path, cut: int) -> None:
    fill(store, 50)
    create_snapshot(store, storage, "one", CreateOptions(labels=("kept",)))
    for path in files(place):
        original = path.read_bytes()
        for left in (original[:-cut], original[:cut], b"", original + b"\0"):
            path.write_bytes(left)
            assert verify_snapshot(storage, "one").findings, (path, cut)
        path.write_bytes(original)
    assert verify_snapshot(storage, "one").findings == []


def test_files_that_changed_places_are_found(store: Store, storage: Storage, place: Path) -> None:
    for name in ("one", "two"):
        fill(store, 3000, offset=len(name) * 1000)
        create_snapshot(store, storage, name, CreateOptions(labels=(name,)))
    for folder in FOLDERS:
        a, b, *_ = sorted((place / folder).iterdir())
        contents = a.read_bytes(), b.read_bytes()
        a.write_bytes(contents[1]), b.write_bytes(contents[0])
        assert any(verify_snapshot(storage, name).findings for name in ("one", "two")), folder
        a.write_bytes(contents[0]), b.write_bytes(contents[1])
    assert not any(verify_snapshot(storage, name, "restore").findings for name in ("one", "two"))


def test_an_old_manifest_under_a_new_name_is_found(store: Store, storage: Storage, place: Path, tmp_path: Path) -> None:
    fill(store, 10)
    create_snapshot(store, storage, "old")
    (old,) = (place / "manifests").iterdir()
    create_snapshot(store, storage, "new")
    (new,) = set((place / "manifests").iterdir()) - {old}
    new.write_bytes(old.read_bytes())
    assert "put in the place of another file" in verify_snapshot(storage, "new").findings[0]
    with pytest.raises(SnapshotError, match="put in the place of another"):
        restore_snapshot(storage, "new", tmp_path / "restored")
    new.unlink()
    renamed = old.rename(old.with_name("a" * 205))  # under a name that nobody made with the key
    with pytest.raises(SnapshotError, match="was renamed, or written with another key"):
        list_snapshots(storage)
    shutil.move(renamed, place / "objects" / old.name)  # in another folder
    with pytest.raises(SnapshotError, match="was renamed, or written with another key"):
        create_snapshot(store, storage, "next")


def test_a_lost_object_is_found_at_every_depth(store: Store, storage: Storage, place: Path) -> None:
    fill(store, 3000)
    create_snapshot(store, storage, "one")
    max((place / "objects").iterdir(), key=lambda path: path.stat().st_size).unlink()
    for depth in ("chain", "hash", "restore"):
        assert "is lost" in verify_snapshot(storage, "one", depth).findings[0], depth
    assert create_snapshot(store, storage, "two").parent is None


# Headers and keys


def test_one_damaged_copy_of_the_header_is_mended_by_the_next_snapshot(
    store: Store, storage: Storage, place: Path, key: KeySource
) -> None:
    fill(store, 5)
    create_snapshot(store, storage, "one")
    main, copy = place / "encryption.json", place / "encryption.copy.json"
    whole = main.read_bytes()
    assert copy.read_bytes() == whole
    for path in (main, copy):
        for at in range(len(whole)):
            flip(path, at, at % 8)
            assert verify_snapshot(find_storage(str(place), key), "one").findings == []
            path.write_bytes(whole)
        flip(path, 40)
        create_snapshot(store, open_storage(str(place), key), path.name)
        assert main.read_bytes() == copy.read_bytes() == whole


def test_without_a_whole_header_nothing_is_done(store: Store, storage: Storage, place: Path, key: KeySource) -> None:
    fill(store, 5)
    create_snapshot(store, storage, "one")
    whole = (place / "encryption.json").read_bytes()
    for at in range(len(whole)):
        for name in encryption_header.HEADER_NAMES:
            flip(place / name, at, at % 8)
        for act in (find_storage, open_storage):
            with pytest.raises(SnapshotError, match="was changed, and there is no whole copy"):
                act(str(place), key)
        for name in encryption_header.HEADER_NAMES:
            (place / name).write_bytes(whole)
    for name in encryption_header.HEADER_NAMES:
        (place / name).unlink()
    for given in (key, None):
        with pytest.raises(SnapshotError, match=r"their header encryption\.json is lost"):
            open_storage(str(place), given)


def test_a_newer_encryption_is_named_as_one(store: Store, place: Path, key: KeySource) -> None:
    fill(store, 5)
    create_snapshot(store, open_storage(str(place), key), "one")
    header = encryption_header.read_header(LocalStorage(place))
    assert header is not None
    object.__setattr__(header, "format", 3)
    encryption_header.write_header(LocalStorage(place), header)
    with pytest.raises(FormatTooNew, match="encrypted in format 3, and this paasq knows formats up to 2"):
        find_storage(str(place), key)


def test_a_wrong_and_a_missing_key_are_said(store: Store, storage: Storage, place: Path, tmp_path: Path) -> None:
    fill(store, 5)
    create_snapshot(store, storage, "one")
    write_key_file(tmp_path / "other")
    (tmp_path / "words").write_text("correct horse battery\n")
    with pytest.raises(SnapshotError, match=r"the key in \S+/other does not open the snapshots in"):
        find_storage(str(place), given_key(tmp_path / "other", None))
    with pytest.raises(SnapshotError, match=r"the passphrase in \S+/words does not open"):
        find_storage(str(place), given_key(None, tmp_path / "words"))
    with pytest.raises(SnapshotError, match=r"are encrypted\n.*--key-file or --passphrase-file"):
        find_storage(str(place))
    with pytest.raises(SnapshotError, match="a key file and a passphrase file are both given"):
        given_key("a", "b")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not a key file"),
        (b"hunter2 hunter2", "is not a key file"),
        (b"paasq-key-1-" + b"a" * 57 + b"b", "was changed"),
        (b"\xff\xfe", "cannot be read: it is no text"),
        (b"a" * 100_000, "too large"),
        (None, "cannot be read: No such file"),
    ],
)
def test_files_that_are_no_key(tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    with pytest.raises(SnapshotError, match=words):
        KeySource("key file", tmp_path / "key").read()


def test_a_slip_in_a_copied_key_is_found(key: KeySource) -> None:
    text = key.path.read_text()
    at = text.index("paasq-key-1-") + 12
    key.path.write_text(text[at - 12 :].upper())  # as somebody typed it from paper
    key.read()
    for n in range(at, at + 58):
        key.path.write_text(text[:n] + ("a" if text[n] != "a" else "b") + text[n + 1 :])
        with pytest.raises(SnapshotError, match="was changed"):
            key.read()


def test_a_key_file_is_its_owners_and_never_replaced(key: KeySource) -> None:
    assert key.path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(SnapshotError, match="a key is never replaced"):
        write_key_file(key.path)


def test_a_passphrase(store: Store, place: Path, tmp_path: Path) -> None:
    fill(store, 5)
    for name, text in {
        "written": "Grüße an alle\n",
        "decomposed": "Gru\u0308ße an alle\r\n",
        "short": "hunter2",
    }.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(SnapshotError, match="is too short"):
        create_snapshot(store, open_storage(str(place), given_key(None, tmp_path / "short")), "one")
    assert not (place / "encryption.json").exists()
    create_snapshot(store, open_storage(str(place), given_key(None, tmp_path / "written")), "one")
    assert verify_snapshot(find_storage(str(place), given_key(None, tmp_path / "decomposed")), "one").findings == []


def test_the_numbers_of_scrypt_are_those_that_were_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()
    (tmp_path / "words").write_text("correct horse battery")
    header = encryption_header.EncryptionHeader(()).with_key(KeySource("passphrase", tmp_path / "words"), bytes(32))
    assert header.keys[0].scrypt == {"n": 131_072, "r": 8, "p": 1}
    assert header.unlock(KeySource("passphrase", tmp_path / "words"), "here") == bytes(32)


def test_the_key_is_changed_and_added_to(store: Store, storage: Storage, place: Path, key: KeySource) -> None:
    fill(store, 5)
    create_snapshot(store, storage, "one")
    inner = LocalStorage(place)
    (place.parent / "words").write_text("correct horse battery")
    words = KeySource("passphrase", place.parent / "words")
    assert change_key(inner, key, words, keep=True) == ["key file", "passphrase"]
    for each in (key, words):
        assert verify_snapshot(find_storage(str(place), each), "one").findings == []
    with pytest.raises(SnapshotError, match="were changed meanwhile"):
        create_snapshot(store, storage, "two")  # which was opened before
    write_key_file(place.parent / "new")
    new = KeySource("key file", place.parent / "new")
    assert change_key(inner, words, new) == ["key file"]
    for each in (key, words):
        with pytest.raises(SnapshotError, match="does not open"):
            find_storage(str(place), each)
    create_snapshot(store, open_storage(str(place), new), "two")
    for _ in range(7):
        change_key(inner, new, words, keep=True)
    with pytest.raises(SnapshotError, match="there are 8 keys already"):
        change_key(inner, new, words, keep=True)
    with pytest.raises(SnapshotError, match="are not encrypted"):
        change_key(LocalStorage(place.parent / "none"), key, new)
    assert not (place.parent / "none").exists()


# Places


def test_encrypted_and_plain_snapshots_never_share_a_place(
    store: Store, place: Path, key: KeySource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 5)
    create_snapshot(store, open_storage(str(place), key), "one")
    create_snapshot(store, open_storage(str(tmp_path / "plain")), "one")
    with pytest.raises(SnapshotError, match="are encrypted"):
        open_storage(str(place))
    with pytest.raises(SnapshotError, match="are not encrypted, and encrypted ones cannot be added"):
        open_storage(str(tmp_path / "plain"), key)
    with pytest.raises(SnapshotError, match="are not encrypted"):
        find_storage(str(tmp_path / "plain"), key)
    monkeypatch.setenv("PAASQ_SNAPSHOT_KEY_FILE", str(key.path))
    with pytest.raises(SnapshotError, match="unset PAASQ_SNAPSHOT_KEY_FILE"):
        open_storage(str(tmp_path / "plain"))
    assert verify_snapshot(find_storage(str(tmp_path / "plain")), "one").findings == []
    for folder in ("objects", "manifests"):
        (stray,) = list((tmp_path / "plain" / folder).iterdir())[:1]
        shutil.copy(stray, place / folder)
        with pytest.raises(SnapshotError, match="is not encrypted, and the rest is"):
            create_snapshot(store, open_storage(str(place), key), "two")
        (place / folder / stray.name).unlink()
    (place / "manifests" / ".DS_Store").write_bytes(b"of a file manager")
    create_snapshot(store, open_storage(str(place), key), "two")


def test_what_came_to_lie_there_meanwhile_is_not_mixed_with(store: Store, place: Path, key: KeySource) -> None:
    fill(store, 5)
    opened = open_storage(str(place), key)
    other = open_storage(str(place), key)
    create_snapshot(store, other, "one")
    with pytest.raises(SnapshotError, match="were changed meanwhile"):
        create_snapshot(store, opened, "two")
    shutil.rmtree(place)
    opened = open_storage(str(place), key)
    create_snapshot(store, open_storage(str(place)), "one")
    with pytest.raises(SnapshotError, match="cannot be added"):
        create_snapshot(store, opened, "two")


def test_the_environment_encrypts_what_leaves_the_data_folder(
    store: Store, place: Path, key: KeySource, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(store, 5)
    monkeypatch.setenv("PAASQ_SNAPSHOT_KEY_FILE", str(key.path))
    create_snapshot(store, open_storage(str(place)), "one")
    create_snapshot(store, own_snapshots(store.folder), "one")
    assert (place / "encryption.json").exists()
    assert not (store.folder / "snapshots" / "encryption.json").exists()
    assert [each.name for each in list_snapshots(find_storage(str(store.folder)))] == ["one"]


def test_the_data_folders_own_snapshots_are_encrypted_where_it_is_asked_for(store: Store, key: KeySource) -> None:
    fill(store, 5)
    create_snapshot(store, own_storage(store.folder, key), "one")
    assert verify_snapshot(find_storage(str(store.folder), key), "one", "restore").findings == []
    with pytest.raises(SnapshotError, match="are encrypted"):
        own_snapshots(store.folder)


def test_a_key_does_not_lie_among_what_it_opens(store: Store, place: Path) -> None:
    place.mkdir()
    write_key_file(place / "key")
    with pytest.raises(SnapshotError, match="would lie among the snapshots that it opens"):
        create_snapshot(store, open_storage(str(place), given_key(place / "key", None)), "one")


@pytest.fixture
def half(store: Store, storage: Storage, place: Path) -> Path:
    """A place with a snapshot, and what one that was killed left."""
    fill(store, 300)
    create_snapshot(store, storage, "whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("paasq_daemon.snapshot.create.write_manifest", lambda *_: (_ for _ in ()).throw(OSError("full")))
        fill(store, 300)
        with pytest.raises(OSError, match="full"):
            create_snapshot(store, storage, "half", CreateOptions(labels=("gone",)))
    for folder in FOLDERS:
        (name,) = sorted(path.name for path in (place / folder).iterdir())[:1]
        (place / folder / f"{name}.new").write_bytes(b"unfinished")
    return place


def test_what_was_never_finished_is_removed(half: Path, storage: Storage) -> None:
    assert delete_snapshots(storage, []).objects > 1
    assert not [path for path in files(half) if path.name.endswith(".new")]
    assert list((half / "annotations").iterdir()) == []
    assert verify_snapshot(storage, "whole", "restore").findings == []
