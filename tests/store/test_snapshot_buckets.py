"""Snapshots in an object store: a real S3 server on loopback (moto's)."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paasq_daemon.snapshot.bucket_storage import BucketStorage
from paasq_daemon.snapshot.create import CreateOptions, create_snapshot
from paasq_daemon.snapshot.encryption_key import given_key, write_key_file
from paasq_daemon.snapshot.garbage_collection import delete_snapshots
from paasq_daemon.snapshot.journal_archive import archive_journal
from paasq_daemon.snapshot.listing import list_snapshots
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.locate import find_storage, locate_storage, open_storage
from paasq_daemon.snapshot.moment import Moment
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.restore_moment import restore_moment
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.snapshot.verify import verify_snapshot
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import SnapshotError

server = pytest.importorskip("moto.server")
BUCKET = "backups"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    running = server.ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def url(endpoint: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """A prefix that no other test uses, and the environment that leads to it."""
    import boto3  # type: ignore[import-untyped]  # noqa: PLC0415  # it comes with moto, and ships no types

    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=BUCKET)
    return f"s3://{BUCKET}/{tmp_path.name}"


@pytest.fixture
def storage(url: str) -> Storage:
    return find_storage(url)


def fill(store: Store, count: int, first: int = 0) -> None:
    keys = [f"k{n:06}" for n in range(first, first + count)]
    store.write(lambda t: [t.put(1, key, {1: f"{hash((key, first)):x} " * 30}, {}) for key in keys]).result()


def contents(store: Store) -> list[object]:
    with store.read() as view:
        return [view.seq, list(view.scan(1)), list(view.journal(0))]


def test_snapshots_in_a_bucket_are_those_of_a_folder(store: Store, storage: Storage, tmp_path: Path) -> None:
    assert list_snapshots(storage) == []
    fill(store, 20_000)
    first = create_snapshot(store, storage, "first", CreateOptions(labels=("off site",)))
    expected = contents(store)
    fill(store, 1, first=7)
    second = create_snapshot(store, storage, "second")
    assert second.parent == first.hash
    assert second.new_bytes < first.new_bytes / 20
    assert [(info.name, info.parent, info.labels) for info in list_snapshots(storage)] == [
        ("first", None, ("off site",)),
        ("second", "first", ()),
    ]
    for depth in ("chain", "hash", "restore"):
        assert verify_snapshot(storage, "first", depth).findings == [], depth
    with pytest.raises(SnapshotError, match="already"):
        create_snapshot(store, storage, "first")
    restore_snapshot(storage, "first", tmp_path / "new")
    with Store.open(tmp_path / "new", sync=False) as restored:
        assert contents(restored) == expected
    delete_snapshots(storage, ["first"])
    assert verify_snapshot(storage, "second", "restore").findings == []
    assert delete_snapshots(storage, ["second"]).objects > 0
    assert [storage.sizes(name) for name in ("objects", "manifests", "annotations")] == [{}, {}, {}]
    assert not storage.exists("lock")


def test_encrypted_snapshots_in_a_bucket(store: Store, url: str, tmp_path: Path) -> None:
    write_key_file(tmp_path / "key")
    key = given_key(tmp_path / "key", None)
    store.write(lambda t: [t.put(1, f"canary{n}", {1: f"canary {n}"}, {}) for n in range(5000)]).result()
    first = create_snapshot(store, open_storage(url, key), "canary one", CreateOptions(labels=("canary",)))
    expected = contents(store)
    fill(store, 1, first=7)
    storage = open_storage(url, key)
    assert create_snapshot(store, storage, "canary two").new_bytes < first.new_bytes / 5
    assert create_snapshot(store, storage, "canary three").new_bytes == 0
    inner = locate_storage(url)
    stored = [f"{folder}/{name}" for folder in ("objects", "manifests", "annotations") for name in inner.sizes(folder)]
    assert len(stored) > 6
    assert not any("canary" in name or b"canary" in inner.read(name, 1 << 30) for name in stored)
    with pytest.raises(SnapshotError, match=r"the snapshots in s3://\S+ are encrypted"):
        find_storage(url)
    with pytest.raises(SnapshotError, match="are encrypted"):
        open_storage(url)
    for name in ("canary one", "canary two", "canary three"):
        assert verify_snapshot(find_storage(url, key), name, "restore").findings == []
    restore_snapshot(storage, "canary one", tmp_path / "new")
    with Store.open(tmp_path / "new", sync=False) as restored:
        assert contents(restored) == expected
    victim = max(inner.sizes("objects").items(), key=lambda each: each[1])[0]
    kept = inner.read(f"objects/{victim}", 1 << 30)
    inner.write(f"objects/{victim}", kept[:-1] + bytes([kept[-1] ^ 1]))
    assert "was changed" in verify_snapshot(storage, "canary two").findings[0]
    inner.remove(f"objects/{victim}")
    assert "is lost" in verify_snapshot(storage, "canary two", "chain").findings[0]
    delete_snapshots(storage, ["canary one", "canary two", "canary three"])
    assert [inner.sizes(name) for name in ("objects", "manifests", "annotations")] == [{}, {}, {}]


def test_a_lost_and_a_changed_object_are_found(store: Store, storage: Storage) -> None:
    fill(store, 3000)
    create_snapshot(store, storage, "one")
    victim = max(storage.sizes("objects").items(), key=lambda each: each[1])[0]
    kept = storage.read(f"objects/{victim}", 1 << 30)
    storage.write(f"objects/{victim}", kept[:-1] + bytes([kept[-1] ^ 1]))
    assert verify_snapshot(storage, "one", "chain").findings == []
    assert "was changed" in verify_snapshot(storage, "one").findings[0]
    storage.remove(f"objects/{victim}")
    assert "is lost" in verify_snapshot(storage, "one", "chain").findings[0]


def test_one_process_at_a_time(store: Store, storage: Storage) -> None:
    with (
        storage.exclusive(),
        pytest.raises(SnapshotError, match=r"another snapshot is being made or removed in s3://.*by process \d+ on"),
    ):
        create_snapshot(store, storage, "one")
    create_snapshot(store, storage, "one")


def test_the_lock_of_a_process_that_was_cut_off_is_taken_over(store: Store, storage: Storage) -> None:
    storage.write("lock", json.dumps({"owner": "process 1 on a", "renewed": time.time() - 60}).encode())
    with pytest.raises(SnapshotError, match="by process 1 on a"):
        create_snapshot(store, storage, "one")
    storage.write("lock", json.dumps({"owner": "process 1 on a", "renewed": time.time() - 600}).encode())
    create_snapshot(store, storage, "one")


class Cut(LocalStorage):
    """A folder whose disk goes away after some writes."""

    def __init__(self, folder: Path, writes: int) -> None:
        super().__init__(folder)
        self.left = writes
        self.written: list[str] = []

    def write(self, name: str, content: bytes) -> None:
        self.left -= 1
        if self.left < 0:
            raise SnapshotError("the network is away", "wait")
        self.written.append(name)
        super().write(name, content)


def test_what_was_written_before_a_cut_is_not_written_again(store: Store, tmp_path: Path) -> None:
    fill(store, 40_000)
    cut, whole = Cut(tmp_path / "disk", 4), Cut(tmp_path / "disk", 1000)
    with pytest.raises(SnapshotError, match="away"):
        create_snapshot(store, cut, "one")
    assert list_snapshots(cut) == []
    create_snapshot(store, whole, "one")
    assert len(cut.written) == 4
    assert not set(cut.written) & set(whole.written)
    assert verify_snapshot(whole, "one", "restore").findings == []


def test_what_a_cut_snapshot_left_may_be_pruned(store: Store, tmp_path: Path) -> None:
    fill(store, 40_000)
    cut = Cut(tmp_path / "disk", 4)
    with pytest.raises(SnapshotError, match="away"):
        create_snapshot(store, cut, "one")
    assert delete_snapshots(LocalStorage(cut.folder), []).objects == 4
    cut.left = 1000
    create_snapshot(store, cut, "one")
    assert verify_snapshot(cut, "one", "restore").findings == []


def test_a_damaged_object_of_a_cut_snapshot_is_written_again(store: Store, tmp_path: Path) -> None:
    fill(store, 40_000)
    cut = Cut(tmp_path / "disk", 2)
    with pytest.raises(SnapshotError, match="away"):
        create_snapshot(store, cut, "one")
    victim = cut.folder / cut.written[0]
    victim.write_bytes(victim.read_bytes()[:-1] + b"\x00")
    create_snapshot(store, LocalStorage(cut.folder), "one")
    assert verify_snapshot(LocalStorage(cut.folder), "one", "restore").findings == []


def test_what_does_not_read_back_is_no_snapshot(store: Store, tmp_path: Path) -> None:
    class Lying(LocalStorage):
        def write(self, name: str, content: bytes) -> None:
            super().write(name, content[:-1] + bytes([content[-1] ^ 1]))

    fill(store, 100)
    with pytest.raises(SnapshotError, match="was changed"):
        create_snapshot(store, Lying(tmp_path / "disk"), "one")
    assert list_snapshots(LocalStorage(tmp_path / "disk")) == []


@pytest.mark.parametrize("address", ["ftp://host/x", "http://host/x", "file:///tmp/x", "memory:///"])
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(SnapshotError, match="is not the address of an object store"):
        find_storage(address)


def test_a_bucket_that_is_not_there_is_said_to_be(url: str) -> None:
    with pytest.raises(SnapshotError, match="s3://no-such-bucket/x cannot be used"):
        list_snapshots(BucketStorage("s3://no-such-bucket/x"))
    assert url


def test_a_bucket_restores_where_the_data_folder_is_gone(storage: Storage, tmp_path: Path) -> None:
    folder = tmp_path / "lost"
    with Store.open(folder, sync=False) as store:
        fill(store, 50)
        create_snapshot(store, storage, "one")
        expected = contents(store)
    shutil.rmtree(folder)
    restore_snapshot(storage, "one", folder)
    with Store.open(folder, sync=False) as restored:
        assert contents(restored) == expected


def test_a_moment_is_restored_from_a_bucket(store: Store, storage: Storage, url: str, tmp_path: Path) -> None:
    fill(store, 10)
    create_snapshot(store, storage, "first")
    for n in range(1, 6):
        fill(store, 1, first=100 * n)
        done = archive_journal(store, storage)
        assert done is not None
        assert (done.last, done.segments) == (n + 1, 1)
    restore_moment(find_storage(url), Moment(seq=4), tmp_path / "new")
    with Store.open(tmp_path / "new", sync=False) as restored, restored.read() as view:
        assert (view.seq, view.live_count(1)) == (4, 13)
    assert verify_snapshot(storage, "first").segments == 5
    delete_snapshots(storage, ["first"])
    assert storage.sizes("journal") == {}


def test_a_moment_is_restored_from_an_encrypted_bucket(store: Store, url: str, tmp_path: Path) -> None:
    """The archived journal is encrypted there as the snapshots are, by its names too, and a damaged segment is found."""
    write_key_file(tmp_path / "key")
    key = given_key(tmp_path / "key", None)
    fill(store, 10)
    create_snapshot(store, open_storage(url, key), "first")
    for n in range(1, 6):
        fill(store, 1, first=100 * n)
        assert archive_journal(store, open_storage(url, key)) is not None
    inner = locate_storage(url)
    segments = sorted(inner.sizes("journal"), key=inner.sizes("journal").__getitem__)
    assert len(segments) == 1 + 5  # what the snapshot begins the archive with, and one each time
    assert not any("-" in name or b"k000" in inner.read(f"journal/{name}", 1 << 30) for name in segments)
    restore_moment(find_storage(url, key), Moment(seq=4), tmp_path / "new")
    with Store.open(tmp_path / "new", sync=False) as restored, restored.read() as view:
        assert (view.seq, view.live_count(1)) == (4, 13)
    assert verify_snapshot(find_storage(url, key), "first").segments == 5
    kept = inner.read(f"journal/{segments[-1]}", 1 << 30)
    inner.write(f"journal/{segments[-1]}", kept[:-1] + bytes([kept[-1] ^ 1]))
    assert "was changed" in str(verify_snapshot(find_storage(url, key), "first").findings)
    delete_snapshots(open_storage(url, key), ["first"])
    assert inner.sizes("journal") == {}
