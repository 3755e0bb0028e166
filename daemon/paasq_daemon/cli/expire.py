"""`paasq expire`"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import open_database


def expire(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what is past its time.")] = False,
    trust_clock: Annotated[
        bool,
        typer.Option("--trust-clock", help="The clock is right, even where it is far ahead of what was written last."),
    ] = False,
    data: options.Data = None,
    socket: options.Socket = None,
    as_json: options.JsonOutput = False,
) -> None:
    """Delete records past the time that their collection keeps them, and trim history, as a daemon does by itself."""
    with open_database(data, socket) as database:
        done = database.expire(dry_run=dry_run, trust_clock=trust_clock)
    write_object(done if as_json else [_row(each, dry_run=dry_run) for each in done["collections"]], as_json=as_json)


def _row(collection: dict[str, Any], *, dry_run: bool) -> dict[str, Any]:
    deleted, trimmed = ("would_delete", "would_trim") if dry_run else ("deleted", "trimmed")
    return {
        "collection": collection["collection"],
        "keep": collection["keep"],
        deleted: collection["due"],
        "history": collection["history"],
        trimmed: collection["past_versions"],
    }
