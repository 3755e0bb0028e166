"""Keys of encrypted snapshots: files, passphrases, the header with the master key; and which places are encrypted."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from paasq_daemon.services.snapshots import own_snapshots
from paasq_daemon.snapshot import encryption_header
from paasq_daemon.snapshot.create import create_snapshot
from paasq_daemon.snapshot.encrypted_storage import change_key
from paasq_daemon.snapshot.encryption_key import KeySource, given_key, write_key_file
from paasq_daemon.snapshot.listing import list_snapshots
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.locate import find_storage, open_storage, own_storage
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.snapshot.verify import verify_snapshot
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import FormatTooNew, SnapshotError
from store.encrypted import fill, flip

pytestmark = pytest.mark.usefixtures("quick_scrypt")


# Headers and keys


def test_one_damaged_copy_of_the_header_is_mended_by_the_next_snapshot(
    store: Store, encrypted: Storage, place: Path, key: KeySource
) -> None:
    fill(store, 5)
    create_snapshot(store, encrypted, "one")
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


def test_without_a_whole_header_nothing_is_done(store: Store, encrypted: Storage, place: Path, key: KeySource) -> None:
    fill(store, 5)
    create_snapshot(store, encrypted, "one")
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


def test_a_wrong_and_a_missing_key_are_said(store: Store, encrypted: Storage, place: Path, tmp_path: Path) -> None:
    fill(store, 5)
    create_snapshot(store, encrypted, "one")
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


def test_a_passphrase_is_paid_for_once_in_a_process(
    store: Store, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that archives each minute derives the key once; a file that says something else is heard at once."""
    words = tmp_path / "words"
    words.write_text("correct horse battery")
    key = given_key(None, words)
    create_snapshot(store, open_storage(str(place), key), "a")
    derived: list[bytes] = []

    def counted(**numbers: Any) -> SimpleNamespace:
        def derive(secret: bytes) -> bytes:
            derived.append(secret)
            return Scrypt(**numbers).derive(secret)

        return SimpleNamespace(derive=derive)

    monkeypatch.setattr(encryption_header, "Scrypt", counted)
    for _ in range(3):
        assert list_snapshots(find_storage(str(place), key))
    assert derived == []
    words.write_text("wrong horse battery")
    for _ in range(2):
        with pytest.raises(SnapshotError, match="does not open"):
            find_storage(str(place), key)
    assert derived == [b"wrong horse battery"]


def test_the_numbers_of_scrypt_are_those_that_were_chosen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.undo()
    (tmp_path / "words").write_text("correct horse battery")
    header = encryption_header.EncryptionHeader(()).with_key(KeySource("passphrase", tmp_path / "words"), bytes(32))
    assert header.keys[0].scrypt == {"n": 131_072, "r": 8, "p": 1}
    assert header.unlock(KeySource("passphrase", tmp_path / "words"), "here") == bytes(32)


def test_the_key_is_changed_and_added_to(store: Store, encrypted: Storage, place: Path, key: KeySource) -> None:
    fill(store, 5)
    create_snapshot(store, encrypted, "one")
    inner = LocalStorage(place)
    (place.parent / "words").write_text("correct horse battery")
    words = KeySource("passphrase", place.parent / "words")
    assert change_key(inner, key, words, keep=True) == ["key file", "passphrase"]
    for each in (key, words):
        assert verify_snapshot(find_storage(str(place), each), "one").findings == []
    with pytest.raises(SnapshotError, match="were changed meanwhile"):
        create_snapshot(store, encrypted, "two")  # which was opened before
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
    with pytest.raises(SnapshotError, match="whoever put them there had no key"):
        find_storage(str(tmp_path / "plain"))
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
