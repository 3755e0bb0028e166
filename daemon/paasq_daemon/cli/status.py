"""`paasq status`"""

from __future__ import annotations

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.error_output import EXIT_FAILURE
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import open_database
from paasq_daemon.wire.errors import StoreError


def status(data: options.Data = None, socket: options.Socket = None, as_json: options.JsonOutput = False) -> None:
    """Show what the store holds and who serves it, and first what is wrong with it: then the exit code is 1."""
    with open_database(data, socket) as database:
        try:
            report = database.status()
        except StoreError:
            health = database.health()
            if health["ok"]:
                raise
            report = {"health": health}  # all that can be said of a store whose pages are damaged
    health = report.get("health", {"ok": True, "problems": []})  # an older daemon has none
    if not as_json:
        for problem in health["problems"]:
            typer.echo(f"problem: {problem}")
    write_object(report, as_json=as_json)
    if not health["ok"]:
        raise typer.Exit(EXIT_FAILURE)
