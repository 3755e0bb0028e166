"""`paasq status`"""

from __future__ import annotations

from typing import Any

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.error_output import EXIT_FAILURE
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import open_database
from paasq_daemon.wire.client import Client
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.errors import PaasqError, StoreError


def status(data: options.Data = None, socket: options.Socket = None, as_json: options.JsonOutput = False) -> None:
    """Show what the store holds and who serves it, and first what is wrong with it: then the exit code is 1."""
    with open_database(data, socket) as database:
        try:
            report: dict[str, Any] = database.status()
        except StoreError:
            health = database.health()
            if health["ok"]:
                raise
            report = {"health": health}  # all that can be said of a store whose pages are damaged
        report["daemon"] = _daemon(database)
    health = report.get("health", {"ok": True, "problems": []})  # an older daemon has none
    if not as_json:
        for problem in health["problems"]:
            typer.echo(f"problem: {problem}")
    write_object(report, as_json=as_json)
    if not health["ok"]:
        raise typer.Exit(EXIT_FAILURE)


def _daemon(database: Database) -> dict[str, Any] | None:
    """What serves the store: process, socket, workers and requests; None where this process has it open itself."""
    if not isinstance(database, Client):
        return None
    try:
        return {"socket": str(database.socket), **database.call("activity", {})}
    except PaasqError:  # an older daemon
        return {"socket": str(database.socket)}
