"""What the daemon does for snapshots by itself: those that are due, pruning, the rolling check. The clock is the test's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from paasq_daemon.services.snapshot_upkeep import SnapshotUpkeep
from paasq_daemon.services.snapshots import own_snapshots
from paasq_daemon.snapshot import create
from paasq_daemon.snapshot.create import create_snapshot
from paasq_daemon.snapshot.encryption_key import given_key, write_key_file
from paasq_daemon.snapshot.listing import list_snapshots
from paasq_daemon.snapshot.local_storage import LocalStorage
from paasq_daemon.snapshot.locate import find_storage
from paasq_daemon.snapshot.manifest import Manifest, list_manifests
from paasq_daemon.snapshot.moment import Moment
from paasq_daemon.snapshot.prune import prune
from paasq_daemon.snapshot.restore_moment import restore_moment
from paasq_daemon.snapshot.retention import kept_by, parse_policy
from paasq_daemon.snapshot.rolling_check import PARTS, check_part
from paasq_daemon.snapshot.schedule import parse_schedule, read_progress, read_schedule, trimmable_seq, write_schedule
from paasq_daemon.snapshot.signature import fingerprint, read_signers, write_signing_key
from paasq_daemon.snapshot.verify import verify_snapshot
from paasq_daemon.store.store import Store
from paasq_daemon.wire.errors import SnapshotError

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR, DAY = 3600.0, 86_400.0


def manifest(created: datetime) -> Manifest:
    name = f"scheduled-{created:%Y%m%dT%H%M%SZ}"
    return Manifest(name, created.isoformat(timespec="microseconds"), None, "", 4096, 0, (), 0, 0, {}, "", 0, 1)


@pytest.mark.parametrize(
    ("policy", "hours", "kept"),
    [
        ("3 last", range(10), [0, 1, 2]),
        ("4 hourly", range(10), [0, 1, 2, 3]),
        ("2 daily", range(72), [0, 13]),  # the newest of today, and of yesterday at 23
        ("3 hourly 2 daily", range(72), [0, 1, 2, 13]),
        ("3 daily", [0, 100, 200, 300], [0, 100, 200]),  # days without one do not count
        ("2 monthly", range(0, 24 * 70, 24), [0, 24 * 22]),
        ("1 yearly 1 weekly", range(0, 24 * 30, 24), [0]),
    ],
)
def test_what_a_policy_keeps(policy: str, hours: Any, kept: list[int]) -> None:
    made = [manifest(NOON - timedelta(hours=n)) for n in hours]
    expected = {manifest(NOON - timedelta(hours=n)).name for n in kept}
    assert kept_by(parse_policy(policy), made) == expected
    assert kept_by(parse_policy(policy), made[::-1]) == expected


@pytest.mark.parametrize(
    "policy", ["", "24", "hourly", "24 hours", "0 daily", "1 daily 2 daily", "1 daily x", "99999 last"]
)
def test_policies_that_say_nothing(policy: str) -> None:
    with pytest.raises(SnapshotError, match="does not say what to keep"):
        parse_policy(policy)


def test_minutes_are_written_as_in_the_language() -> None:
    assert parse_schedule("every 90min keep 1 last").every_s == 90 * 60
    with pytest.raises(SnapshotError, match="unit m") as refused:
        parse_schedule("every 90m keep 1 last")
    assert refused.value.hint == "write 90min"


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "every hour keep 1 daily",
        "every 10s keep 1 daily",
        "every 0min keep 1 last",
        "every 1h",
        "every 1h journal every 5s keep 1 last",
        "every 1h journal 1min keep 1 last",
    ],
)
def test_rules_that_are_no_schedule(rule: str) -> None:
    with pytest.raises(SnapshotError, match="is not a schedule"):
        parse_schedule(rule)


# The daemon's part


class Clock(datetime):
    """What `create` takes for the present."""

    present = NOON

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        del tz
        return cls.present


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(create, "datetime", Clock)
    yield
    Clock.present = NOON


def write(store: Store, key: str) -> None:
    store.write(lambda t: t.put(1, key, {1: "x" * 500}, {})).result()


def pass_hours(upkeep: SnapshotUpkeep, hours: float) -> None:
    Clock.present += timedelta(hours=hours)
    upkeep.run_due(Clock.present.timestamp())


def names(folder: Path) -> list[str]:
    return [each.name for each in list_manifests(LocalStorage(folder))]


def test_snapshots_are_taken_when_they_are_due_and_pruned(store: Store) -> None:
    upkeep, snapshots = SnapshotUpkeep(store), store.folder / "snapshots"
    create_snapshot(store, LocalStorage(snapshots), "mine")
    pass_hours(upkeep, 1)
    assert names(snapshots) == ["mine"]
    write_schedule(store.folder, parse_schedule("every 1h keep 3 hourly 2 daily"))
    for hour in range(48):
        write(store, f"k{hour}")
        pass_hours(upkeep, 0.5)
        pass_hours(upkeep, 0.5)
    assert names(snapshots) == [
        "mine",
        "scheduled-20261123T233000Z",
        "scheduled-20261124T103000Z",
        "scheduled-20261124T113000Z",
        "scheduled-20261124T123000Z",
    ]
    progress = read_progress(store.folder)
    assert (progress.error, progress.taken) == (None, "scheduled-20261124T123000Z")
    assert verify_snapshot(LocalStorage(snapshots), "scheduled-20261123T233000Z", "restore").findings == []


def test_nothing_is_taken_where_nothing_changed(store: Store) -> None:
    upkeep = SnapshotUpkeep(store)
    write_schedule(store.folder, parse_schedule("every 1h keep 9 hourly"))
    write(store, "a")
    for _ in range(5):
        pass_hours(upkeep, 1)
    assert len(names(store.folder / "snapshots")) == 1
    assert read_progress(store.folder).error is None


def test_a_schedule_keeps_them_elsewhere_and_ends(store: Store, tmp_path: Path) -> None:
    upkeep, disk = SnapshotUpkeep(store), tmp_path / "disk"
    write_schedule(store.folder, parse_schedule("every 2h keep 9 hourly", str(disk)))
    write(store, "a")
    pass_hours(upkeep, 1)
    write(store, "b")
    pass_hours(upkeep, 1)
    pass_hours(upkeep, 1)
    assert len(names(disk)) == 2
    write_schedule(store.folder, None)
    assert read_schedule(store.folder) is None
    write(store, "c")
    pass_hours(upkeep, 5)
    assert len(names(disk)) == 2


@pytest.mark.parametrize("elsewhere", [True, False], ids=["elsewhere", "in the data folder"])
def test_a_schedule_encrypts_and_signs(store: Store, tmp_path: Path, elsewhere: bool) -> None:
    write_key_file(tmp_path / "key")
    write_signing_key(tmp_path / "sign")
    disk, key = tmp_path / "disk" if elsewhere else store.folder / "snapshots", given_key(tmp_path / "key", None)
    to = str(disk) if elsewhere else None
    write_schedule(store.folder, parse_schedule("every 1h keep 1 hourly 1 daily", to, key, tmp_path / "sign"))
    written = (store.folder / "snapshots" / "schedule.json").read_text()
    assert (str(tmp_path / "key") in written, "paasq-key" in written) == (True, False)
    upkeep = SnapshotUpkeep(store)
    for hour in range(4):
        write(store, f"k{hour}")
        pass_hours(upkeep, 1)
    storage = find_storage(str(disk), key)
    assert [each.name for each in list_manifests(storage)] == ["scheduled-20261122T160000Z"]
    signers = read_signers([tmp_path / "sign.pub"])
    assert verify_snapshot(storage, "scheduled-20261122T160000Z", "restore", signers=signers).findings == []
    if not elsewhere:  # what the daemon's other parts see of them
        assert [each.signed_by for each in list_snapshots(own_snapshots(store.folder))] == [fingerprint(signers[0])]
    inner = LocalStorage(disk)
    victim = next(iter(inner.sizes("manifests")))
    inner.write(f"manifests/{victim}", inner.read(f"manifests/{victim}", 1 << 20)[:-1] + b"\0")
    pass_hours(upkeep, 24)
    state = read_progress(store.folder)
    assert any("was changed" in found for found in state.checked[str(disk)].findings.get("1", []))
    (tmp_path / "key").rename(tmp_path / "lost")
    write(store, "late")
    pass_hours(upkeep, 24)
    assert "which should hold the key file, cannot be read" in str(read_progress(store.folder).error)


def test_what_fails_is_said_and_tried_again(store: Store, tmp_path: Path) -> None:
    upkeep = SnapshotUpkeep(store)
    disk = tmp_path / "disk"
    disk.write_text("a file")
    write_schedule(store.folder, parse_schedule("every 1d keep 9 daily", str(disk)))
    write(store, "a")
    pass_hours(upkeep, 1)
    assert "disk" in str(read_progress(store.folder).error)
    disk.unlink()
    pass_hours(upkeep, 0.05)
    assert not disk.exists()
    pass_hours(upkeep, 0.05)
    assert len(names(disk)) == 1
    assert read_progress(store.folder).error is None


def test_a_damaged_schedule_is_said_and_ends_nothing_else(store: Store) -> None:
    (store.folder / "snapshots").mkdir()
    (store.folder / "snapshots" / "schedule.json").write_text("{")
    pass_hours(SnapshotUpkeep(store), 1)
    assert "schedule.json" in str(read_progress(store.folder).error)


def test_a_damaged_store_is_captured_and_nothing_pruned(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data", sync=False) as store:
        write_schedule(store.folder, parse_schedule("every 1h keep 1 last"))
        store.write(lambda t: t.put(1, "a", {1: "canary" * 50}, {})).result()
        pass_hours(SnapshotUpkeep(store), 1)
    path = tmp_path / "data" / "store" / "data.mdb"
    content = path.read_bytes()
    at = content.rfind(b"canary")
    path.write_bytes(content[:at] + b"c4nary" + content[at + 6 :])
    with Store.open(tmp_path / "data", sync=False) as store:
        for key in "bc":
            write(store, key)
            pass_hours(SnapshotUpkeep(store), 1)
        assert len(names(store.folder / "snapshots")) == 3
        assert "the store is damaged, and nothing was pruned: " in str(read_progress(store.folder).error)
        storage = LocalStorage(store.folder / "snapshots")
        assert prune(storage, parse_policy("1 last")).kept == ["scheduled-20261122T130000Z"]  # the sound one


def test_the_rolling_check_reads_everything_in_thirty_days(store: Store) -> None:
    storage = LocalStorage(store.folder / "snapshots")
    for n in range(60):
        write(store, f"k{n}")
        create_snapshot(store, storage, f"s{n}")
    packs = [check_part(storage, part).objects for part in range(PARTS)]
    assert sum(packs) > PARTS
    assert max(packs) < sum(packs) / 4
    victim = max((storage.folder / "objects").iterdir(), key=lambda path: path.stat().st_size)
    victim.write_bytes(victim.read_bytes()[:-1] + b"\x00")
    upkeep = SnapshotUpkeep(store)
    for day in range(PARTS):
        Clock.present = NOON + timedelta(days=day)
        for hour in (0, 1):  # once a day, however often it is asked
            upkeep.run_due(Clock.present.timestamp() + hour * HOUR)
    (state,) = read_progress(store.folder).checked.values()
    assert len(state.parts_s) == PARTS
    findings = [finding for found in state.findings.values() for finding in found]
    assert findings
    assert all(f"object {victim.name} was changed" in finding for finding in findings)


def test_prune_by_command_leaves_what_a_person_named(store: Store) -> None:
    storage = LocalStorage(store.folder / "snapshots")
    for n, name in enumerate(["mine", "scheduled-20261122T130000Z", "scheduled-20261122T140000Z", "yours"]):
        Clock.present = NOON + timedelta(hours=n)
        write(store, name)
        create_snapshot(store, storage, name)
    policy = parse_policy("1 last")
    assert prune(storage, policy, dry_run=True).deleted == ["scheduled-20261122T130000Z"]
    assert len(list_manifests(storage)) == 4
    done = prune(storage, policy)
    assert (done.deleted, done.kept) == (["scheduled-20261122T130000Z"], ["scheduled-20261122T140000Z"])
    assert prune(storage, policy, named=True).kept == ["yours"]
    assert verify_snapshot(storage, "yours", "restore").findings == []


def test_the_thread_ends_a_snapshot_that_is_under_way(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paasq_daemon.services.snapshot_upkeep._TICK_S", 0.01)
    write_schedule(store.folder, parse_schedule("every 1h keep 1 last"))
    write(store, "a")
    upkeep = SnapshotUpkeep(store)
    upkeep.start()
    for _ in range(1000):
        if names(store.folder / "snapshots"):
            break
        upkeep._stopped.wait(0.01)
    upkeep.stop()
    assert len(names(store.folder / "snapshots")) == 1
    write(store, "b")
    upkeep.run_due(NOON.timestamp() + 1e9)
    assert "the daemon ends" in str(read_progress(store.folder).error)


# The archived journal


def pass_seconds(upkeep: SnapshotUpkeep, seconds: float) -> None:
    pass_hours(upkeep, seconds / 3600)


def test_the_journal_is_archived_in_between(store: Store, tmp_path: Path) -> None:
    upkeep, disk = SnapshotUpkeep(store), tmp_path / "disk"
    write_schedule(store.folder, parse_schedule("every 1h journal every 1min keep 9 hourly", str(disk)))
    assert trimmable_seq(store.folder) == -1
    write(store, "a")
    pass_seconds(upkeep, 1)
    for n in range(1, 6):
        write(store, f"k{n}")
        pass_seconds(upkeep, 30)
        pass_seconds(upkeep, 30)
        assert read_progress(store.folder).archived_seq == n + 1
    write(store, "later")
    pass_seconds(upkeep, 20)
    progress = read_progress(store.folder)
    assert (progress.archived_seq, progress.archive_error) == (6, None)
    assert trimmable_seq(store.folder) == 5
    assert len(names(disk)) == 1
    restore_moment(LocalStorage(disk), Moment(seq=4), tmp_path / "new")
    with Store.open(tmp_path / "new", sync=False) as restored, restored.read() as view:
        assert list(view.keys(1)) == ["a", "k1", "k2", "k3"]


def test_where_the_archive_does_not_reach_the_store_a_snapshot_begins_it(store: Store) -> None:
    upkeep, snapshots = SnapshotUpkeep(store), store.folder / "snapshots"
    write_schedule(store.folder, parse_schedule("every 1d journal every 1min keep 9 last"))
    write(store, "a")
    pass_seconds(upkeep, 60)
    for key in "bcd":
        write(store, key)
    store.trim(4)  # by what does not ask for the limit
    pass_seconds(upkeep, 600)
    assert len(names(snapshots)) == 2
    write(store, "e")
    pass_seconds(upkeep, 60)
    progress = read_progress(store.folder)
    assert (progress.archived_seq, progress.archive_error) == (5, None)


def test_what_keeps_the_journal_from_being_archived_is_said(store: Store, tmp_path: Path) -> None:
    upkeep, disk = SnapshotUpkeep(store), tmp_path / "disk"
    write_schedule(store.folder, parse_schedule("every 1d journal every 1min keep 9 daily", str(disk)))
    write(store, "a")
    pass_seconds(upkeep, 60)
    with LocalStorage(disk).exclusive():
        write(store, "b")
        pass_seconds(upkeep, 60)
        assert "another snapshot is being made" in str(read_progress(store.folder).archive_error)
        assert trimmable_seq(store.folder) == 0
    pass_seconds(upkeep, 30)
    progress = read_progress(store.folder)
    assert (progress.archived_seq, progress.archive_error) == (2, None)


@pytest.mark.parametrize("rule", ["every 1h keep 9 hourly", None])
def test_without_a_continuous_archive_nothing_limits_trimming(store: Store, rule: str | None) -> None:
    write_schedule(store.folder, parse_schedule(rule) if rule else None)
    assert trimmable_seq(store.folder) is None
