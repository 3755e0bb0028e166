"""`paasq snapshot archive`, and what `paasq snapshot restore --at` says of what it restored."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import open_database
from paasq_daemon.cli.snapshot_storage import key_paths


def archive(
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="WHERE",
            help="Where a snapshot is already: a folder, or s3://BUCKET/PREFIX; else the data folder.",
            show_default=False,
        ),
    ] = None,
    key_file: options.KeyFile = None,
    passphrase_file: options.PassphraseFile = None,
    data: options.Data = None,
    socket: options.Socket = None,
    as_json: options.JsonOutput = False,
) -> None:
    """Archive beside the snapshots what was written since the last time, so that it can be restored."""
    from paasq_daemon.snapshot.encryption_key import key_for_new

    key = key_for_new(to, key_file, passphrase_file)
    with open_database(data, socket) as database:
        done = database.snapshot_archive(to=to, **key_paths(key))
    write_object(done if as_json else {name: value for name, value in done.items() if value != []}, as_json=as_json)


def shown_origin(origin: dict[str, Any]) -> dict[str, Any]:
    """The moment that was restored, and of what, for people."""
    first, last = origin["archive"] or (None, None)
    led = f"its archived journal, {first} to {last}" if first else None
    back = "its own history" if origin["rewound"] else None
    return {
        name: value
        for name, value in {
            "seq": origin["seq"],
            "time": origin["time"],
            "snapshot": origin["snapshot"],
            "from": origin["source"],
            "forward by": led,
            "back by": back,
        }.items()
        if value is not None
    }
