"""The schedule of a data folder's snapshots: setting it, and what is told of it. It works on files; a daemon goes by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paasq_daemon.snapshot.encryption_key import key_for_new
from paasq_daemon.snapshot.rolling_check import PARTS
from paasq_daemon.snapshot.schedule import (
    open_scheduled,
    parse_schedule,
    read_progress,
    read_schedule,
    write_schedule,
)
from paasq_daemon.snapshot.signature import read_signing_key
from paasq_daemon.store.data_folder import STORE_NAME
from paasq_daemon.wire.errors import StoreError
from paasq_daemon.wire.paths import StrPath, absolute_address, absolute_path
from paasq_dsl.values import format_time


def set_schedule(
    folder: Path,
    rule: str | None,
    *,
    to: StrPath | None = None,
    key_file: StrPath | None = None,
    passphrase_file: StrPath | None = None,
    sign: StrPath | None = None,
) -> None:
    """Set the schedule, durably; a rule of None ends it. A daemon that runs goes by it within a minute.

    Raises SnapshotError where the rule is none, `to` cannot be used, or the key is not that of the snapshots there; StoreError
    where there is no store.
    """
    _require_store(folder)
    if rule is None:
        write_schedule(folder, None)
        return
    where = None if to is None else absolute_address(to)
    signing_key = None if sign is None else absolute_path(sign)
    wanted = parse_schedule(rule, where, key_for_new(where, key_file, passphrase_file), signing_key)
    open_scheduled(folder, wanted)  # so that a key that is not that of the place, or a wrong path, is said now
    if signing_key is not None:
        read_signing_key(signing_key)
    write_schedule(folder, wanted)


def schedule_state(folder: Path) -> dict[str, Any]:
    """The schedule, None where there is none, and how far the daemon has come with it, in JSON; times as text in UTC.

    Raises SnapshotError where the file of the schedule is damaged; StoreError where there is no store.
    """
    _require_store(folder)
    rule, progress = read_schedule(folder), read_progress(folder)
    checks = [
        {
            "where": where,
            "parts": f"{len(each.parts_s)} of {PARTS}",
            "last": _time(max(each.parts_s.values(), default=None)),
            "findings": [finding for found in each.findings.values() for finding in found],
        }
        for where, each in progress.checked.items()
        if each.parts_s
    ]
    return {
        "schedule": rule.rule if rule else None,
        "to": rule.to if rule else None,
        "key": str(rule.key.path) if rule and rule.key else None,
        "sign": str(rule.sign) if rule and rule.sign else None,
        "last": progress.taken,
        "at": _time(progress.taken_s),
        "error": progress.error,
        "archived": _time(progress.archived_s),
        "archived_seq": progress.archived_seq or None,
        "archive_error": progress.archive_error,
        "checks": checks,
    }


def _require_store(folder: Path) -> None:
    if not (folder / STORE_NAME).is_dir():
        raise StoreError(f"there is no store in {folder}", "name another folder")


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else format_time(int(seconds) * 1_000_000)
