"""`paasq snapshot schedule` and `paasq snapshot prune`: they work on files alone; a daemon reads the schedule."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import folder_of
from paasq_daemon.cli.snapshot_storage import open_snapshots


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
    from paasq_daemon.services.snapshot_schedule import schedule_state, set_schedule

    folder = folder_of(data)
    if (rule is None and any((to, key_file, passphrase_file, sign))) or (rule is not None and off):
        raise typer.BadParameter("--to, keys and --sign belong to a rule, and --off to none")
    if rule is not None or off:
        set_schedule(folder, rule, to=to, key_file=key_file, passphrase_file=passphrase_file, sign=sign)
    state = schedule_state(folder)
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


def _shown(state: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in state.items() if name == "schedule" or value}
