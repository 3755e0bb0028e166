"""Signed snapshots: what is missing, changed or somebody else's is told by name."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from blake3 import blake3

from paasq_daemon.snapshot.create import CreateOptions, create_snapshot
from paasq_daemon.snapshot.encryption_key import given_key, write_key_file
from paasq_daemon.snapshot.garbage_collection import delete_snapshots
from paasq_daemon.snapshot.listing import list_snapshots
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.locate import find_storage, open_storage
from paasq_daemon.snapshot.manifest import canonical_json, read_manifest
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.signature import fingerprint, read_signers, read_signing_key, write_signing_key
from paasq_daemon.snapshot.verify import verify_snapshot
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import SnapshotError


@pytest.fixture
def target(tmp_path: Path) -> LocalStorage:
    return LocalStorage(tmp_path / "snapshots")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    write_signing_key(tmp_path / "mine")
    return tmp_path / "mine"


@pytest.fixture
def signed(store: Store, target: LocalStorage, mine: Path) -> LocalStorage:
    """A signed snapshot `one` with a label, and `two` without a signature."""
    store.write(lambda t: [t.put(1, f"k{n}", {1: "x" * 50}, {}) for n in range(5)]).result()
    create_snapshot(store, target, "one", CreateOptions(labels=("kept",), sign=mine))
    create_snapshot(store, target, "two")
    return target


def public(private: Path) -> Path:
    return private.with_name(private.name + ".pub")


def signature_of(target: LocalStorage) -> Path:
    (path,) = (target.folder / "annotations").glob("*.signature.json")
    return path


def test_a_signed_snapshot_is_told_from_others(signed: LocalStorage, mine: Path, tmp_path: Path) -> None:
    theirs = write_signing_key(tmp_path / "theirs")
    signers, others = read_signers([public(mine)]), read_signers([public(tmp_path / "theirs")])
    me = fingerprint(signers[0])
    assert [(each.name, each.signed_by) for each in list_snapshots(signed)] == [("one", me), ("two", None)]
    for depth in ("chain", "hash", "restore"):
        assert verify_snapshot(signed, "one", depth, signers=signers).findings == [], depth
    assert verify_snapshot(signed, "one", signers=(*others, *signers)).findings == []
    restore_snapshot(signed, "one", tmp_path / "restored", signers)
    assert verify_snapshot(signed, "two").findings == []
    (unsigned,) = verify_snapshot(signed, "two", signers=signers).findings
    assert unsigned == f"snapshot 'two' is not signed, and must be by {me}"
    (foreign,) = verify_snapshot(signed, "one", signers=others).findings
    assert foreign == f"snapshot 'one' is signed by {me}, and must be by {theirs}"
    for name, wanted in (("two", signers), ("one", others)):
        with pytest.raises(SnapshotError, match="and must be by SHA256:"):
            restore_snapshot(signed, name, tmp_path / "new", wanted)
    assert not (tmp_path / "new").exists()


def test_a_flip_in_any_byte_of_a_signature_is_found(signed: LocalStorage, tmp_path: Path, mine: Path) -> None:
    path, chance, undetected = signature_of(signed), random.Random(7), []
    original = path.read_bytes()
    for at in range(len(original)):
        path.write_bytes(original[:at] + bytes([original[at] ^ 1 << chance.randrange(8)]) + original[at + 1 :])
        if "is not one of this snapshot" not in "".join(verify_snapshot(signed, "one", "chain").findings):
            undetected.append(at)
    assert undetected == []
    assert "is not one of this snapshot" in str(list_snapshots(signed)[0].problem)
    restore_snapshot(signed, "one", tmp_path / "new")  # who asks for no signature is not kept from what is left
    with pytest.raises(SnapshotError, match="is not one of this snapshot"):
        restore_snapshot(signed, "one", tmp_path / "another", read_signers([public(mine)]))


def forge_manifest(target: LocalStorage) -> None:
    """Another manifest whose hashes are right, with the signature beside it."""
    path = target.folder / "manifests" / "one.json"
    fields = json.loads(path.read_bytes())["manifest"] | {"seq": 99}
    forged = blake3(canonical_json(fields)).hexdigest()
    path.write_bytes(canonical_json({"manifest": fields, "hash": forged}))
    signature = signature_of(target)
    content = json.loads(signature.read_bytes())
    content["signature"]["snapshot"] = forged
    signature.rename(signature.with_name(f"{forged}.signature.json")).write_bytes(canonical_json(content))


def move_signature(target: LocalStorage) -> None:
    """The signature of one snapshot beside another."""
    other = read_manifest(target, "two").hash
    signature_of(target).rename(target.folder / "annotations" / f"{other}.signature.json")
    (target.folder / "manifests" / "one.json").unlink()
    (target.folder / "manifests" / "two.json").rename(target.folder / "manifests" / "one.json")


def drop_labels(target: LocalStorage) -> None:
    """The labels, and that it is damaged, left out."""
    (target.folder / "annotations" / f"{read_manifest(target, 'one').hash}.json").unlink()


def drop_signature(target: LocalStorage) -> None:
    signature_of(target).unlink()


@pytest.mark.parametrize("forge", [forge_manifest, move_signature, drop_labels, drop_signature])
def test_a_forgery_is_found(
    signed: LocalStorage, mine: Path, tmp_path: Path, forge: Callable[[LocalStorage], None]
) -> None:
    forge(signed)
    signers = read_signers([public(mine)])
    assert verify_snapshot(signed, "one", "chain", signers=signers).findings
    with pytest.raises(SnapshotError):
        restore_snapshot(signed, "one", tmp_path / "new", signers)
    assert not (tmp_path / "new").exists()


def test_signatures_go_with_their_snapshots(signed: LocalStorage) -> None:
    delete_snapshots(signed, ["two"])
    assert signature_of(signed)
    delete_snapshots(signed, ["one"])
    assert list((signed.folder / "annotations").iterdir()) == []


def test_encrypted_snapshots_are_signed_too(store: Store, mine: Path, tmp_path: Path) -> None:
    write_key_file(tmp_path / "key")
    key, signers = given_key(tmp_path / "key", None), read_signers([public(mine)])
    store.write(lambda t: t.put(1, "a", {1: "x"}, {})).result()
    create_snapshot(store, open_storage(str(tmp_path / "disk"), key), "one", CreateOptions(sign=mine))
    storage = find_storage(str(tmp_path / "disk"), key)
    assert verify_snapshot(storage, "one", signers=signers).findings == []
    assert list_snapshots(storage)[0].signed_by == fingerprint(signers[0])
    raw = b"".join(path.read_bytes() for path in (tmp_path / "disk").rglob("*") if path.is_file())
    assert signers[0].public_bytes_raw() not in raw
    assert signers[0].public_bytes_raw().hex().encode() not in raw


# Files of keys


def test_keys_of_openssh_and_openssl(tmp_path: Path, mine: Path) -> None:
    if not (shutil.which("ssh-keygen") and shutil.which("openssl")):
        pytest.skip("needs ssh-keygen and openssl")

    def run(*words: str) -> str:
        return subprocess.run(words, cwd=tmp_path, check=True, capture_output=True, text=True).stdout

    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "ssh")
    run("openssl", "genpkey", "-algorithm", "ed25519", "-out", "ssl")
    run("openssl", "pkey", "-in", "ssl", "-pubout", "-out", "ssl.pub")
    run("openssl", "pkey", "-in", "mine", "-noout")
    for name in ("ssh", "ssl", "mine"):
        (signer,) = read_signers([tmp_path / f"{name}.pub"])
        assert read_signing_key(tmp_path / name).public_key() == signer
    assert fingerprint(read_signers([public(mine)])[0]) == run("ssh-keygen", "-lf", "mine.pub").split()[1]
    (tmp_path / "team").write_text("# ours\n" + (tmp_path / "ssh.pub").read_text() + public(mine).read_text())
    assert len(read_signers([tmp_path / "team", tmp_path / "ssl.pub"])) == 3
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "secret words", "-f", "locked")
    with pytest.raises(SnapshotError, match="is locked by a passphrase"):
        read_signing_key(tmp_path / "locked")
    run("ssh-keygen", "-q", "-t", "rsa", "-N", "", "-f", "rsa")
    with pytest.raises(SnapshotError, match="holds no private Ed25519 key"):
        read_signing_key(tmp_path / "rsa")
    with pytest.raises(SnapshotError, match="no public Ed25519 key"):
        read_signers([tmp_path / "rsa.pub"])


@pytest.mark.parametrize(
    "content", ["", "# nothing\n", "hello\n", "-----BEGIN PUBLIC KEY-----\n", "ssh-ed25519 AAAA\n"]
)
def test_files_that_are_no_keys(tmp_path: Path, content: str) -> None:
    (tmp_path / "key").write_text(content)
    with pytest.raises(SnapshotError, match=r"no public( Ed25519)? key"):
        read_signers([tmp_path / "key"])
    with pytest.raises(SnapshotError, match="holds no private Ed25519 key"):
        read_signing_key(tmp_path / "key")


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    """Whatever a daemon in this process has set."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_a_pair_is_its_owners_and_never_replaced(mine: Path) -> None:
    assert (mine.stat().st_mode & 0o777, public(mine).stat().st_mode & 0o777) == (0o600, 0o644)
    with pytest.raises(SnapshotError, match="a key is never replaced"):
        write_signing_key(mine)


def test_nothing_is_written_where_the_key_cannot_be_read(store: Store, target: LocalStorage, tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="cannot be read: No such file"):
        create_snapshot(store, target, "one", CreateOptions(sign=tmp_path / "none"))
    assert not target.folder.exists()
