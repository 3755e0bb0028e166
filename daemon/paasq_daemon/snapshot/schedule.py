"""The schedule of snapshots, and how far the daemon has come with it: two files in the data folder's `snapshots`."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from paasq_daemon.snapshot.encryption_key import KeySource, given_key
from paasq_daemon.snapshot.locate import SNAPSHOTS_NAME, locate_storage, open_storage, own_storage
from paasq_daemon.snapshot.retention import RetentionPolicy, parse_policy
from paasq_daemon.snapshot.storage import Storage
from paasq_daemon.store.data_folder import fsync_folder, make_folder, write_atomically
from paasq_daemon.wire.errors import SnapshotError

_SCHEDULE_NAME, _PROGRESS_NAME = "schedule.json", "schedule-progress.json"
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_EVERY_S_MAX = 366 * 86_400
_JOURNAL_S = range(10, 86_401)
_RULE = re.compile(
    r"every\s+(?P<count>\d{1,6})\s*(?P<unit>min|[mhdw])"
    r"(\s+journal\s+every\s+(?P<journal_count>\d{1,6})\s*(?P<journal_unit>min|[smh]))?"
    r"\s+keep\s+(?P<keep>.+)"
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every so many seconds a snapshot, to the storage of this address, None for the data folder's; `rule` is the text.

    `journal_s` is how often what was written since is archived there, None where only with each snapshot. `key` is where the
    key is read that all of it is encrypted by, and `sign` the file of the key that the snapshots are signed by.
    """

    rule: str
    to: str | None
    every_s: int
    journal_s: int | None
    keep: RetentionPolicy
    key: KeySource | None = None
    sign: Path | None = None


@dataclass(slots=True)
class Progress:
    """What the daemon did last: times are seconds since 1970, None for never. `checked` is by address of a storage."""

    taken_s: float | None = None  # when the last snapshot was found due and taken, or nothing had changed
    taken: str | None = None  # its name
    tried_s: float | None = None
    error: str | None = None  # of the last attempt
    archived_s: float | None = None  # when the journal was archived last, or nothing had been written
    archived_seq: int = 0  # up to which transaction
    archived_to: str | None = None  # in the storage of this address, as in the schedule
    archive_error: str | None = None  # of the last attempt
    checked: dict[str, CheckProgress] = field(default_factory=dict)


@dataclass(slots=True)
class CheckProgress:
    """The rolling check of one storage: when each part was read last, by its number as text, and what is wrong there."""

    parts_s: dict[str, float] = field(default_factory=dict)
    findings: dict[str, list[str]] = field(default_factory=dict)


def parse_schedule(
    rule: str, to: str | None = None, key: KeySource | None = None, sign: Path | None = None
) -> Schedule:
    """Read `every 1h keep 24 hourly 7 daily 12 monthly`, or `every 1h journal every 1min keep 9 daily`. Raises SnapshotError."""
    found = _RULE.fullmatch(rule.strip())
    if not found:
        raise _no_schedule(rule)
    every_s = _seconds(rule, found["count"], found["unit"])
    journal_s = _seconds(rule, found["journal_count"], found["journal_unit"]) if found["journal_unit"] else None
    if not 60 <= every_s <= _EVERY_S_MAX or (journal_s is not None and journal_s not in _JOURNAL_S):
        raise _no_schedule(rule)
    return Schedule(rule.strip(), to, every_s, journal_s, parse_policy(found["keep"]), key, sign)


def trimmable_seq(folder: Path) -> int | None:
    """Where the schedule archives the journal, the sequence number up to which history may be trimmed: what is archived, but for
    the last transaction, which the next segment begins from. None where it does not archive, and sets no limit.
    """
    try:
        schedule = read_schedule(folder)
    except SnapshotError:  # it is told by the daemon; until it is mended, nothing is lost
        return -1
    if schedule is None or schedule.journal_s is None:
        return None
    progress = read_progress(folder)
    is_of_it = progress.archived_s is not None and progress.archived_to == schedule.to
    return (progress.archived_seq if is_of_it else 0) - 1


def read_schedule(folder: Path) -> Schedule | None:
    """The schedule of a data folder; None where it has none. Raises SnapshotError where the file is damaged."""
    path = folder / SNAPSHOTS_NAME / _SCHEDULE_NAME
    fields = _read(path)
    if fields is None:
        return None
    rule, paths = fields.get("rule"), [fields.get(name) for name in ("to", "key_file", "passphrase_file", "sign")]
    if not isinstance(rule, str) or not all(isinstance(each, str | None) for each in paths):
        raise SnapshotError(f"{path} is damaged", "write the schedule again: paasq snapshot schedule RULE")
    to, key_file, passphrase_file, sign = paths
    return parse_schedule(rule, to, given_key(key_file, passphrase_file), None if sign is None else Path(sign))


def write_schedule(folder: Path, schedule: Schedule | None) -> None:
    """Set the schedule of a data folder, durably; None ends it. A daemon that runs reads it within a minute."""
    path = folder / SNAPSHOTS_NAME / _SCHEDULE_NAME
    make_folder(path.parent)
    if schedule is not None:
        write_atomically(path, json.dumps(_to_json(schedule)).encode())
    else:
        path.unlink(missing_ok=True)
        fsync_folder(path.parent)


def open_scheduled(folder: Path, schedule: Schedule) -> Storage:
    """Where the schedule of a data folder puts snapshots. Raises SnapshotError as `open_storage` does: where its key is not that
    of the snapshots there, for one."""
    return own_storage(folder, schedule.key) if schedule.to is None else open_storage(schedule.to, schedule.key)


def schedule_with_key(folder: Path, address: str, key: KeySource) -> Schedule | None:
    """The schedule of a data folder with this key instead of its own; None where it has none, or puts snapshots elsewhere than at
    this address. Raises SnapshotError as `read_schedule` does."""
    schedule = read_schedule(folder)
    if schedule is None or schedule.key is None or scheduled_address(folder, schedule) != address:
        return None
    return replace(schedule, key=key)


def scheduled_address(folder: Path, schedule: Schedule) -> str:
    """The address of that storage. Raises SnapshotError where a URL cannot be used."""
    return locate_storage(str(folder) if schedule.to is None else schedule.to).address


def read_progress(folder: Path) -> Progress:
    """What the daemon did last; nothing where the file is gone or damaged: then it begins anew."""
    try:
        fields = _read(folder / SNAPSHOTS_NAME / _PROGRESS_NAME) or {}
        checked = {where: CheckProgress(**each) for where, each in fields.pop("checked", {}).items()}
        return Progress(**fields, checked=checked)
    except (SnapshotError, TypeError, AttributeError):
        return Progress()


def write_progress(folder: Path, progress: Progress) -> None:
    """Keep what was done, durably."""
    path = folder / SNAPSHOTS_NAME / _PROGRESS_NAME
    make_folder(path.parent)
    write_atomically(path, json.dumps(asdict(progress)).encode())


def _seconds(rule: str, count: str, unit: str) -> int:
    if unit == "m":
        raise SnapshotError(f"{rule[:120]!r} has the unit m, which may be minutes or months", f"write {count}min")
    return int(count) * _SECONDS[unit]


def _no_schedule(rule: str) -> SnapshotError:
    return SnapshotError(
        f"{rule[:120]!r} is not a schedule",
        "write for instance: every 1h keep 24 hourly 7 daily 12 monthly (min, h, d, w); "
        "or: every 1h journal every 1min keep 24 hourly (s, min, h: 10 s to a day)",
    )


def _to_json(schedule: Schedule) -> dict[str, str | None]:
    """Paths of keys, never a key."""
    key = {} if schedule.key is None else {schedule.key.kind.replace(" ", "_"): str(schedule.key.path)}
    return {
        "rule": schedule.rule,
        "to": schedule.to,
        "key_file": key.get("key_file"),
        "passphrase_file": key.get("passphrase"),
        "sign": None if schedule.sign is None else str(schedule.sign),
    }


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        raise SnapshotError(
            f"{path} cannot be read", "write the schedule again: paasq snapshot schedule RULE"
        ) from error
    if not isinstance(found, dict):
        raise SnapshotError(f"{path} is damaged", "write the schedule again: paasq snapshot schedule RULE")
    return found
