"""A store of format 1 becomes one of the present format when it is first opened: after a snapshot, whole or not at all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from daemon.process import Daemon
from faults.killed import kills
from formats.reading import KeptEmbedder, by_collection, extract, history
from paasq_daemon.instance import Instance
from paasq_daemon.services.doctor import diagnose
from paasq_daemon.services.snapshots import restore_from
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.locate import find_storage
from paasq_daemon.snapshot.manifest import list_manifests
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.upgrade import upgrade_store
from paasq_daemon.snapshot.verify import VerifyDepth, verify_snapshot
from paasq_daemon.store.data_file_header import Meta, newest_meta
from paasq_daemon.store.format1 import Format1Store
from paasq_daemon.store.layout import PAGE_BYTES, STORE_FORMAT_VERSION
from paasq_daemon.store.migration import migrate
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import StoreError
from paasq_daemon.wire.request import Request

KEPT = Path(__file__).parent / "format1"
CHECKED = 6  # of the kills, one in so many is looked at


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return extract(KEPT / "store.tar.xz", tmp_path)


def stamp(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "format").read_bytes())
    return found


def is_whole(folder: Path) -> bool:
    """Whether each version of each record is there, whatever the format was."""
    upgrade_store(folder)
    rows = [json.loads(line) for line in (KEPT / "history.jsonl").read_text("utf-8").splitlines()]
    with Store.open(folder) as store, store.read() as view:
        found = json.loads(json.dumps(list(history(view))))
        return store.check() == [] and by_collection(found) == by_collection(rows)


def test_opening_migrates_after_a_snapshot_that_restores_to_what_was(folder: Path, tmp_path: Path) -> None:
    with Format1Store(folder).read() as view:
        seq, counts = view.seq, {name: view.count(name) for name in ("records", "keys", "vectors", "pending")}
    instance = Instance.open(folder, embedder=KeptEmbedder(), sync=False)
    assert instance.engine.query(Request("from note | summarize count()")).rows == [[26]]
    instance.close()
    assert stamp(folder) == {"store_format": STORE_FORMAT_VERSION}
    assert not {path.name for path in folder.iterdir()} & {"migration", "store.1"}
    assert is_whole(folder)
    storage = LocalStorage(folder / "snapshots")
    for depth in VerifyDepth:
        assert verify_snapshot(storage, "before-format-2", depth).findings == []
    restore_snapshot(storage, "before-format-2", tmp_path / "before")
    assert stamp(tmp_path / "before") == {"store_format": 1}
    with Format1Store(tmp_path / "before").read() as view:
        assert view.seq == seq
        assert {name: view.count(name) for name in counts} == counts


def test_a_kill_at_any_step_leaves_the_one_or_the_other(folder: Path, tmp_path: Path) -> None:
    steps = 0
    for step in kills(lambda: upgrade_store(folder)):
        steps = max(steps, step)
        if step % CHECKED:
            continue
        assert stamp(folder)["store_format"] in (1, STORE_FORMAT_VERSION)
        copy = Path(shutil.copytree(folder, tmp_path / "copy"))
        assert is_whole(copy), step
        shutil.rmtree(copy)
    assert steps > 60
    assert is_whole(folder)
    names = [manifest.name for manifest in list_manifests(LocalStorage(folder / "snapshots"))]
    assert names == ["first", "second", "before-format-2"]  # one, however many attempts


class Half(NamedTuple):
    """What a kill in the last steps can leave."""

    has_old: bool
    has_new_in_place: bool


@pytest.mark.parametrize("half", [Half(False, False), Half(True, False), Half(True, True)], ids=str)
def test_what_is_put_in_its_place_by_half_is_finished_by_opening(folder: Path, tmp_path: Path, half: Half) -> None:
    done = Path(shutil.copytree(folder, tmp_path / "done"))
    migrate(done)
    (folder / "migration").mkdir()
    shutil.copytree(done / "store", folder / "migration" / "store")
    (folder / "format").write_text(json.dumps({"store_format": 2, "migrating": True}))
    if half.has_old:
        (folder / "store").rename(folder / "store.1")
    if half.has_new_in_place:
        (folder / "migration" / "store").rename(folder / "store")
    assert is_whole(folder)
    assert stamp(folder) == {"store_format": 2}
    assert not {path.name for path in folder.iterdir()} & {"migration", "store.1"}


def other_number(raw: bytearray, newest: Meta) -> None:
    raw[newest.transaction % 2 * PAGE_BYTES + 144] ^= 2


def other_bounds(raw: bytearray, newest: Meta) -> None:
    raw[newest.tables.root * PAGE_BYTES + 12] ^= 2


def other_text(raw: bytearray, _: Meta) -> None:
    raw[:] = raw.replace(b"salt traders", b"salt traderr")


@pytest.mark.parametrize("damage", [other_number, other_bounds, other_text])
def test_a_damaged_store_of_format_1_stays_as_it_is_and_its_snapshot_is_restored(
    folder: Path, tmp_path: Path, damage: Callable[[bytearray, Meta], None]
) -> None:
    data = folder / "store" / "data.mdb"
    raw = bytearray(data.read_bytes())
    damage(raw, newest_meta(data))
    data.write_bytes(raw)
    for look in (lambda: Instance.open(folder, embedder=KeptEmbedder(), sync=False), lambda: diagnose(folder)):
        with pytest.raises(StoreError, match="format 1 and is damaged, and no repair mends that format") as refused:
            look()
        assert "`paasq snapshot restore NAME FOLDER`" in str(refused.value.hint)
    assert stamp(folder) == {"store_format": 1}
    assert data.read_bytes() == raw
    storage = find_storage(str(folder))
    newest = list_manifests(storage)[-1]
    restore_from(storage, newest.name, tmp_path / "restored")
    instance = Instance.open(tmp_path / "restored", embedder=KeptEmbedder(), sync=False)
    assert instance.store.seq == newest.seq
    instance.close()


def test_what_only_reads_says_how_it_is_brought_up(folder: Path) -> None:
    with pytest.raises(StoreError, match="has format 1") as refused:
        Store.open(folder)
    assert "paasq status" in refused.value.hint


def test_a_disk_without_room_for_a_copy_is_said_before_anything_is_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 10, 10))
    with pytest.raises(StoreError, match="are missing on the disk"):
        migrate(folder)
    assert stamp(folder) == {"store_format": 1}
    assert not (folder / "migration").exists()


def test_a_migration_whose_copy_is_gone_moves_nothing(folder: Path) -> None:
    (folder / "format").write_text(json.dumps({"store_format": 2, "migrating": True}))
    with pytest.raises(StoreError, match="was being copied to format 2") as refused:
        Store.open(folder)
    assert (folder / "store" / "data.mdb").exists()
    assert '{"store_format": 1}' in refused.value.hint
    (folder / "format").write_text('{"store_format": 1}')  # as the hint says
    assert is_whole(folder)


def told(folder: Path) -> list[str]:
    """What is told of an upgrade of this store, but for how long it took."""
    return [
        f"the store in {folder} has format 1, and is brought to format 2: 449 records in 507 versions, after a snapshot",
        f"the store as it was is kept in the snapshot 'before-format-2' in {folder / 'snapshots'}",
        "copied 507 of 507 versions of records; now the copy is compared with them",
        f"the store in {folder} has format 2 now, after ",
    ]


def test_a_command_that_opens_the_store_tells_of_it(folder: Path) -> None:
    """Once: the second one has nothing to tell."""
    command = [sys.executable, "-m", "paasq_daemon", "query", "show collections", "--data", str(folder)]
    first, second = (subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(2))
    lines = first.stderr.splitlines()
    assert lines[:3] == told(folder)[:3]
    assert lines[3].startswith(told(folder)[3])
    assert second.stderr == ""


def test_a_daemon_logs_it(folder: Path) -> None:
    daemon = Daemon(folder)
    daemon.start()
    daemon.end()
    assert [line for line in told(folder) if line not in daemon.log] == []


def test_a_long_copy_is_told_of_as_it_goes_on(folder: Path, caplog: pytest.LogCaptureFixture, monkeypatch: Any) -> None:
    monkeypatch.setattr("paasq_daemon.store.store_import._BATCH", 200)
    monkeypatch.setattr("paasq_daemon.snapshot.upgrade._TELL_EVERY_S", 0)
    caplog.set_level("INFO")
    upgrade_store(folder)
    copied = [line.split()[1] for line in caplog.messages if line.startswith("copied")]
    assert copied == ["200", "400", "507"]
