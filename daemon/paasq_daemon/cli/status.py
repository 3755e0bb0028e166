"""`paasq status`"""

from __future__ import annotations

from paasq_daemon.cli import options
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import open_database


def status(data: options.Data = None, socket: options.Socket = None, as_json: options.JsonOutput = False) -> None:
    """Show what the store holds and who serves it."""
    with open_database(data, socket) as database:
        write_object(database.status(), as_json=as_json)
