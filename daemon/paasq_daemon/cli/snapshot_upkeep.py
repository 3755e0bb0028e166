"""`paasq snapshot schedule` and `paasq snapshot prune`: they work on files alone; a daemon reads the schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import folder_of
from paasq_daemon.cli.snapshot_storage import absolute_address, key_for_new, open_snapshots
from paasq_dsl.values import format_time


def schedule(
    rule: Annotated[
        str | None,
        typer.Argument(
            metavar="RULE", help='Such as "every 1h journal every 1min keep 24 hourly 7 daily".', show_default=False
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="WHERE", help="A folder, or s3://BUCKET/PREFIX.", show_default=False),
    ] = None,
    key_file: options.KeyFile = None,
    passphrase_file: options.PassphraseFile = None,
    sign: options.Sign = None,
    off: Annotated[bool, typer.Option("--off", help="End the schedule; the snapshots stay.")] = False,
    data: options.Data = None,
    as_json: options.JsonOutput = False,
) -> None:
    """Let the daemon take snapshots and prune them; without a rule, say what it does and what it found."""
    from paasq_daemon.snapshot.schedule import open_scheduled, parse_schedule, write_schedule
    from paasq_daemon.snapshot.signature import read_signing_key

    folder = folder_of(data)
    if (rule is None and any((to, key_file, passphrase_file, sign))) or (rule is not None and off):
        raise typer.BadParameter("--to, keys and --sign belong to a rule, and --off to none")
    if not (folder / "store").exists():
        raise typer.BadParameter(f"there is no store in {folder}", param_hint="--data")
    if rule is not None:
        where, key = None if to is None else absolute_address(to), key_for_new(to, key_file, passphrase_file)
        signing_key = None if sign is None else sign.expanduser().absolute()
        wanted = parse_schedule(rule, where, key, signing_key)
        open_scheduled(folder, wanted)  # so that a key that is not that of the place, or a wrong path, is said now
        if signing_key is not None:
            read_signing_key(signing_key)
        write_schedule(folder, wanted)
    elif off:
        write_schedule(folder, None)
    state = _state(folder)
    write_object(state if as_json else _shown(state), as_json=as_json)


def prune(
    keep: Annotated[str, typer.Option("--keep", metavar="POLICY", help="Such as 24 hourly 7 daily 12 monthly.")],
    named: Annotated[
        bool, typer.Option("--all", help="Those that a person named too, not the schedule's alone.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    from_: options.From = None,
    key_file: options.KeyFile = None,
    passphrase_file: options.PassphraseFile = None,
    data: options.Data = None,
    as_json: options.JsonOutput = False,
) -> None:
    """Delete the snapshots that a policy does not keep, and free what no other one needs."""
    from paasq_daemon.snapshot.prune import prune as prune_storage
    from paasq_daemon.snapshot.retention import parse_policy

    storage = open_snapshots(from_, data, key_file, passphrase_file)
    done = prune_storage(storage, parse_policy(keep), named=named, dry_run=dry_run)
    said = {"deleted": done.deleted, "kept": done.kept, "freed_bytes": done.freed.size_bytes}
    write_object({"would_delete": done.deleted, "kept": done.kept} if dry_run else said, as_json=as_json)


def _state(folder: Path) -> dict[str, Any]:
    """The schedule and the progress of the daemon, times as text in UTC."""
    from paasq_daemon.snapshot.rolling_check import PARTS
    from paasq_daemon.snapshot.schedule import read_progress, read_schedule

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


def _shown(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name == "schedule" or value}


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else format_time(int(seconds) * 1_000_000)
