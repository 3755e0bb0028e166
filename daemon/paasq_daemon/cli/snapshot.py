"""`paasq snapshot create|list|verify|...`: all but `create` and `archive` work on files alone, and open no store."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.error_output import EXIT_FAILURE
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import open_database
from paasq_daemon.cli.snapshot_archive import archive, shown_origin
from paasq_daemon.cli.snapshot_keys import keygen, rekey
from paasq_daemon.cli.snapshot_storage import (
    key_paths,
    open_snapshots,
    refuse_with_socket,
    say_no_schedule,
)
from paasq_daemon.cli.snapshot_upkeep import prune, schedule

_LISTED = ("name", "created", "seq", "new_bytes", "parent", "labels")

app = typer.Typer(no_args_is_help=True)

Name: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="The snapshot's name.")]


@app.command()
def create(
    name: Name,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="WHERE",
            help="A folder, or s3://BUCKET/PREFIX; else `snapshots` in the data folder.",
            show_default=False,
        ),
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="TEXT", help="What it is for.", show_default=False)
    ] = None,
    damaged: Annotated[
        bool, typer.Option("--damaged", help="Take it of a damaged store too, labelled as damaged.")
    ] = False,
    verify: Annotated[bool, typer.Option(help="Read back what was written.")] = True,
    key_file: options.KeyFile = None,
    passphrase_file: options.PassphraseFile = None,
    sign: options.Sign = None,
    data: options.Data = None,
    socket: options.Socket = None,
    as_json: options.JsonOutput = False,
) -> None:
    """Take a snapshot of the whole store, while others go on writing."""
    from paasq_daemon.snapshot.encryption_key import key_for_new

    key = key_for_new(to, key_file, passphrase_file)
    with open_database(data, socket) as database:
        made = database.snapshot_create(
            name,
            to=to,
            labels=label or (),
            damaged=damaged,
            verify=verify,
            **key_paths(key),
            sign=sign,
        )
    write_object(made if as_json else _shown(made), as_json=as_json)
    _warn_of_damage(made, "the snapshot holds damaged entries")


@app.command("list")
def list_(
    from_: options.From = None,
    key_file: options.KeyFile = None,
    passphrase_file: options.PassphraseFile = None,
    data: options.Data = None,
    socket: options.Socket = None,
    as_json: options.JsonOutput = False,
) -> None:
    """List the snapshots."""
    refuse_with_socket(socket, key_file=key_file, passphrase_file=passphrase_file)
    if socket is not None:
        with open_database(data, socket) as database:
            found = database.snapshot_list()
    else:
        from paasq_daemon.services.snapshots import snapshot_to_json
        from paasq_daemon.snapshot.listing import list_snapshots

        storage = open_snapshots(from_, data, key_file, passphrase_file)
        found = [snapshot_to_json(each) for each in list_snapshots(storage)]
    write_object(found if as_json else [_row(each) for each in found], as_json=as_json)


@app.command()
def verify(
    name: Name,
    depth: Annotated[
        int, typer.Option(min=1, max=3, help="1: chain and sizes; 2: every hash; 3: restore to a scratch folder.")
    ] = 2,
    from_: options.From = None,
    key_file: options.KeyFile = None,
    passphrase_file: options.PassphraseFile = None,
    require_signature: options.RequireSignature = None,
    data: options.Data = None,
    socket: options.Socket = None,
    as_json: options.JsonOutput = False,
) -> None:
    """Check that a snapshot is whole. The exit code is 1 where it is not."""
    refuse_with_socket(socket, key_file=key_file, passphrase_file=passphrase_file, require_signature=require_signature)
    if socket is not None:
        with open_database(data, socket) as database:
            found = database.snapshot_verify(name, depth)
    else:
        from paasq_daemon.services.snapshots import verification_to_json, verify_in

        storage = open_snapshots(from_, data, key_file, passphrase_file)
        found = verification_to_json(verify_in(storage, name, depth, require_signature or ()))
    write_object(found, as_json=as_json)
    if not found["ok"]:
        raise typer.Exit(EXIT_FAILURE)


@app.command()
def delete(
    name: Name,
    from_: options.From = None,
    key_file: options.KeyFile = None,
    passphrase_file: options.PassphraseFile = None,
    data: options.Data = None,
    socket: options.Socket = None,
    as_json: options.JsonOutput = False,
) -> None:
    """Delete a snapshot, and free what no other one needs."""
    refuse_with_socket(socket, key_file=key_file, passphrase_file=passphrase_file)
    if socket is not None:
        with open_database(data, socket) as database:
            done = database.snapshot_delete(name)
    else:
        from paasq_daemon.services.snapshots import delete_in

        done = delete_in(open_snapshots(from_, data, key_file, passphrase_file), name)
    write_object(done, as_json=as_json)


@app.command()
def restore(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="The snapshot's name; may be left out with --at.")],
    into: Annotated[
        Path | None, typer.Argument(metavar="INTO", help="A data folder that does not exist yet.", show_default=False)
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="SEQ|TIME|latest",
            help="The store as it was then, by the archived journal.",
            show_default=False,
        ),
    ] = None,
    zone: options.Zone = None,
    from_: options.From = None,
    key_file: options.KeyFile = None,
    passphrase_file: options.PassphraseFile = None,
    require_signature: options.RequireSignature = None,
    data: options.Data = None,
    socket: options.Socket = None,
    as_json: options.JsonOutput = False,
) -> None:
    """Make a new data folder from a snapshot, or of any moment. Killed at any moment, there is a whole one or none."""
    refuse_with_socket(socket, key_file=key_file, passphrase_file=passphrase_file, require_signature=require_signature)
    if into is None and at is None:
        raise typer.BadParameter("name a snapshot and a folder, or a folder and --at")
    zone = options.zone_of(zone, data)
    chosen, folder = (name, into) if into is not None else (None, Path(name))
    if socket is not None:
        with open_database(data, socket) as database:
            restored = database.snapshot_restore(chosen, folder, at=at, zone=zone)
    else:
        from paasq_daemon.services.snapshots import restore_from
        from paasq_daemon.snapshot.moment import parse_moment

        moment = None if at is None else parse_moment(at, zone)
        storage = open_snapshots(from_, data, key_file, passphrase_file)
        restored = restore_from(storage, chosen, folder, moment, require_signature or ())
    shown = shown_origin(restored["origin"]) if at is not None else _shown(restored)
    write_object(restored if as_json else shown, as_json=as_json)
    _warn_of_damage(
        restored["origin"], f"{folder} is damaged as the store was when the snapshot was taken, or the journal archived"
    )
    say_no_schedule(folder)


for _command in (archive, schedule, prune, keygen, rekey):
    app.command()(_command)


def _shown(snapshot: dict[str, Any]) -> dict[str, Any]:
    """The snapshot for people: its time as a datetime; what it is not or has not, left out."""
    shown = {name: value for name, value in snapshot.items() if value not in (None, (), []) or name in _LISTED}
    shown.pop("origin", None)
    return shown | {"created": datetime.fromisoformat(snapshot["created"])} if snapshot["created"] else shown


def _row(snapshot: dict[str, Any]) -> dict[str, Any]:
    shown = _shown(snapshot)
    damage = f"damaged: {', '.join(snapshot['damage'][:3])}" if snapshot["damage"] else None
    note = snapshot["problem"] or damage
    return {name: shown[name] for name in _LISTED} | ({"note": note} if note else {})


def _warn_of_damage(snapshot: dict[str, Any], words: str) -> None:
    if snapshot["damage"]:
        from paasq_daemon.cli.consoles import stderr_console
        from paasq_daemon.wire.cell_text import escape_control

        stderr_console().print(
            escape_control(f"{words}: {', '.join(snapshot['damage'])}"), soft_wrap=True, markup=False
        )
