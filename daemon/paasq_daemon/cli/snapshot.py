"""`paasq snapshot create|list|verify|delete|restore`"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.error_output import EXIT_FAILURE
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import open_database

_LISTED = ("name", "created", "seq", "new_bytes")

app = typer.Typer(no_args_is_help=True)

Name: TypeAlias = Annotated[str, typer.Argument(metavar="NAME", help="The snapshot's name.")]


@app.command()
def create(
    name: Name, data: options.Data = None, socket: options.Socket = None, as_json: options.JsonOutput = False
) -> None:
    """Take a snapshot of the whole store, while others go on writing."""
    with open_database(data, socket) as database:
        made = database.snapshot_create(name)
    write_object(made if as_json else _shown(made), as_json=as_json)


@app.command("list")
def list_(data: options.Data = None, socket: options.Socket = None, as_json: options.JsonOutput = False) -> None:
    """List the snapshots."""
    with open_database(data, socket) as database:
        found = database.snapshot_list()
    listed = [{name: _shown(each)[name] for name in _LISTED} for each in found]
    write_object(found if as_json else listed, as_json=as_json)


@app.command()
def verify(
    name: Name,
    depth: Annotated[
        int, typer.Option(min=1, max=3, help="1: chain and sizes; 2: every hash; 3: restore to a scratch folder.")
    ] = 2,
    data: options.Data = None,
    socket: options.Socket = None,
    as_json: options.JsonOutput = False,
) -> None:
    """Check that a snapshot is whole. The exit code is 1 where it is not."""
    with open_database(data, socket) as database:
        found = database.snapshot_verify(name, depth)
    write_object(found, as_json=as_json)
    if not found["ok"]:
        raise typer.Exit(EXIT_FAILURE)


@app.command()
def delete(
    name: Name, data: options.Data = None, socket: options.Socket = None, as_json: options.JsonOutput = False
) -> None:
    """Delete a snapshot, and free what no other one needs."""
    with open_database(data, socket) as database:
        write_object(database.snapshot_delete(name), as_json=as_json)


@app.command()
def restore(
    name: Name,
    into: Annotated[Path, typer.Argument(metavar="INTO", help="A data folder that does not exist yet.")],
    data: options.Data = None,
    socket: options.Socket = None,
    as_json: options.JsonOutput = False,
) -> None:
    """Make a new data folder from a snapshot."""
    with open_database(data, socket) as database:
        restored = database.snapshot_restore(name, into)
    write_object(restored if as_json else _shown(restored), as_json=as_json)


def _shown(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with its time as a datetime, for people."""
    return manifest | {"created": datetime.fromisoformat(manifest["created"])}
