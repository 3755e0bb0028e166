"""Of a large store pages are packed and entries checked in processes: here of a small one, as if it were large."""

from __future__ import annotations

import json
import os
import random
import signal
from pathlib import Path

import pytest

from paasq_daemon.snapshot import packing_process
from paasq_daemon.snapshot.create import create_snapshot
from paasq_daemon.snapshot.listing import list_snapshots
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.restore import restore_snapshot
from paasq_daemon.snapshot.verify import verify_snapshot
from paasq_daemon.store.damage_process import DamageProcess
from paasq_daemon.store.data_file_copy import DataFileCopy
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import StoreError

RECORDS = 20_000
BODY_BYTES = 150  # of chance: together more than fits into a pipe


@pytest.fixture
def storage(store: Store, tmp_path: Path) -> LocalStorage:
    """Where the snapshots of the filled store go."""
    chance = random.Random(1)
    bodies = [chance.randbytes(BODY_BYTES).hex() for _ in range(RECORDS)]
    store.write(lambda t: [t.put(1, f"k{n}", {1: body}, {}) for n, body in enumerate(bodies)]).result()
    return LocalStorage(tmp_path / "snapshots")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing_process, "OWN_PROCESS_BYTES_MIN", 0)


def children() -> set[int]:
    return {int(each) for path in Path("/proc/self/task").glob("*/children") for each in path.read_text().split()}


def kill(module: str) -> None:
    """The process that runs a module."""
    for child in children():
        if module in Path(f"/proc/{child}/cmdline").read_text():
            os.kill(child, signal.SIGKILL)


def test_processes_make_the_very_snapshot_that_this_one_makes(
    store: Store, storage: LocalStorage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = LocalStorage(tmp_path / "here")
    written = []
    for name in ("one", "two"):
        monkeypatch.setattr(packing_process, "OWN_PROCESS_BYTES_MIN", 1 << 40)
        small = create_snapshot(store, here, name)
        monkeypatch.setattr(packing_process, "OWN_PROCESS_BYTES_MIN", 0)
        large = create_snapshot(store, storage, name)
        assert (large.root, large.tables, large.new_bytes) == (small.root, small.tables, small.new_bytes)
        written.append(large.new_bytes)
        store.write(lambda t: [t.put(1, f"k{n}", {1: "changed"}, {}) for n in range(0, RECORDS, 999)]).result()
    assert 0 < written[1] < written[0] / 2
    assert children() == set()


@pytest.mark.usefixtures("large")
def test_a_snapshot_holds_one_moment_while_writing_goes_on(store: Store, storage: LocalStorage, tmp_path: Path) -> None:
    seen = store.seq

    def write(_: int) -> None:
        store.write(lambda t: t.put(1, "later", {1: "x" * 3000}, {})).result()

    manifest = create_snapshot(store, storage, "live", on_progress=write)
    assert manifest.seq == seen < store.seq
    assert verify_snapshot(storage, "live", "restore").findings == []
    restore_snapshot(storage, "live", tmp_path / "restored")
    with Store.open(tmp_path / "restored", sync=False) as restored, restored.read() as view:
        assert view.get(1, "later") is None
        assert view.live_count(1) == RECORDS


@pytest.mark.usefixtures("large")
def test_where_the_process_that_packs_is_killed_there_is_no_snapshot_and_the_next_one_succeeds(
    store: Store, storage: LocalStorage
) -> None:
    with pytest.raises(StoreError, match="packs the data file's pages ended with -9"):
        create_snapshot(store, storage, "cut", on_progress=lambda _: kill("packing_process"))
    assert (list_snapshots(storage), children()) == ([], set())
    create_snapshot(store, storage, "whole")
    assert verify_snapshot(storage, "whole", "restore").findings == []


@pytest.mark.usefixtures("large")
def test_where_the_process_that_checks_is_killed_there_is_no_snapshot_and_writing_goes_on(
    store: Store, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = DamageProcess.begin

    def begin_killed(process: DamageProcess, transaction_id: int) -> None:
        kill("damage_process")
        begin(process, transaction_id)

    monkeypatch.setattr(DamageProcess, "begin", begin_killed)
    with pytest.raises(StoreError, match="reads all entries of the store ended with -9"):
        create_snapshot(store, storage, "cut")
    assert (list_snapshots(storage), children()) == ([], set())
    store.write(lambda t: t.put(1, "later", {1: "x"}, {})).result()


@pytest.mark.usefixtures("large")
def test_a_disk_that_cannot_be_read_is_said_to_be(
    store: Store, storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    to_json = DataFileCopy.to_json

    def of_its_input(copy: DataFileCopy) -> str:
        path, _, *rest = json.loads(to_json(copy))
        return json.dumps([path, 0, *rest])

    monkeypatch.setattr(DataFileCopy, "to_json", of_its_input)
    with pytest.raises(StoreError, match=r"data\.mdb cannot be read: Illegal seek"):
        create_snapshot(store, storage, "cut")
