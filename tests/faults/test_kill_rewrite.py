"""A rewrite of the data file is killed at every step, at random moments while others write, and meets a full disk."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path

import pytest

from faults.acknowledged import lost_writes, read_acknowledged, start_writer
from faults.disks import needs_root, small_tmpfs
from faults.killed import kills
from paasq_daemon.store.content_digest import logical_digest
from paasq_daemon.store.data_file_swap import DataFileSwap
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import DiskFull

COUNT = 500
LOOPS = int(os.environ.get("PAASQ_KILL_LOOPS", "20"))


def fill(folder: Path) -> str:
    """A store of which nine parts in ten are free pages. Returns its digest."""
    with Store.open(folder, sync=False) as store:
        for text in range(10):
            body = f"text {text} " * 20
            store.write(lambda t, body=body: [t.put(1, f"k{n}", {1: body}, {7: None}) for n in range(COUNT)]).result()  # type: ignore[misc]  # mypy does not infer a lambda with defaults
        store.trim(store.seq + 1)
        with store.read() as view:
            return logical_digest(view)


def test_it_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    digest = fill(tmp_path / "kept")
    large = (tmp_path / "kept" / "store" / "data.mdb").stat().st_size
    folder = tmp_path / "data"
    shutil.copytree(tmp_path / "kept", folder)

    def rewrite() -> None:
        with Store.open(folder) as store:
            store.rewrite()

    sizes, steps, left = set[bool](), 0, 0
    for step in kills(rewrite):
        steps = max(steps, step)
        left += len(list(folder.glob("rewrite-*")))
        with Store.open(folder, sync=False) as store, store.read() as view:
            assert logical_digest(view) == digest, step
            assert store.check() == [], step
        assert sorted(path.name for path in folder.iterdir()) == ["format", "lock", "store"], step
        assert sorted(path.name for path in (folder / "store").iterdir())[:2] == ["data.mdb", "lock.mdb"], step
        sizes.add((folder / "store" / "data.mdb").stat().st_size < large / 2)
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "kept", folder)
    assert steps > 40
    assert left > 10  # which the next open removed
    assert sizes == {False, True}


def test_killed_while_others_write_it_loses_nothing_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(1)
    for loop in range(LOOPS):
        writer = start_writer(tmp_path / "data", sync=True, rewrites=True)
        acknowledged = read_acknowledged(writer, lines=chance.randrange(1, 200))
        time.sleep(chance.random() / 20)
        writer.kill()
        acknowledged |= read_acknowledged(writer)
        writer.wait()
        with Store.open(tmp_path / "data") as store:
            assert lost_writes(store, acknowledged) == [], f"kill {loop}"
            assert store.check() == [], f"kill {loop}"


@needs_root
@pytest.mark.parametrize("foreseen", [True, False])
@pytest.mark.parametrize("size_kib", [5_000, 16_000])
def test_on_a_disk_without_room_for_it_nothing_changes_and_writes_go_on(
    tmp_path: Path, size_kib: int, foreseen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not foreseen:  # others take the room meanwhile
        monkeypatch.setattr(DataFileSwap, "_require_room", lambda *_: None)
    with small_tmpfs(tmp_path / "mount", size_kib):
        folder = tmp_path / "mount" / "data"
        with Store.open(folder) as store:
            while shutil.disk_usage(folder).free > (size_kib << 10) // 3:
                store.write(lambda t: [t.put(1, f"{t.seq}-{n}", {1: "x" * 500}, {}) for n in range(20)]).result()
            with store.read() as view:
                before = logical_digest(view)
            with pytest.raises(DiskFull, match="no room to rewrite the data file") as refused:
                store.rewrite()
            assert refused.value.missing_bytes > 0
            with store.read() as view:
                assert logical_digest(view) == before
            assert list(folder.glob("rewrite-*")) == []
            store.write(lambda t: t.put(1, "more", {}, {})).result()
            assert store.check() == []
